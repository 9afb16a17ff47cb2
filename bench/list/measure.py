"""One system measured: every case by one client, then by sixteen at a fixed rate, idle and while somebody writes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import client
import exact
from cases import Case, searching
from client import Asker, Line
from exact import Answer, Write
from systems import KEYS, MEMORY, Data, System

RATE = 50
"""Writes a second."""
SLOW_MS = 500
"""Of a peer that takes longer for one answer no sixteen connections are asked."""
_HERE = Path(__file__).parent


@dataclass
class Measuring:
    """`data.loaded.totals` are right at any time: what was written is added to them."""

    system: System
    data: Data
    cases: Sequence[Case]
    seconds: float
    say: Callable[[str], None]

    def alone(self, asker: Asker, found: dict, floor: Asker | None = None) -> None:
        """Cold searches first, then every case warm, taking turns with the floor of its size where there is one."""
        for case in self.cases:
            one = found["cases"].setdefault(case.name, {})
            if self.system.ours and (sisters := searching(case)):
                line = Line(asker)
                cold = [line.ask(sister) for sister in sisters]
                line.close()
                one["cold"] = [(answer.received - answer.sent) * 1000 for answer in cold]
        for case in self.cases:
            self._one(asker, case, found["cases"][case.name], floor)

    def _one(self, asker: Asker, case: Case, one: dict, floor: Asker | None) -> None:
        most = 300 if self.system.ours else 60
        beside = [(floor, Case("keys", limit=case.limit))] if floor else []
        try:
            (times, answers), *floors = client.alone([(asker, case), *beside], most, 2 * self.seconds)
        except RuntimeError as refused:
            one["cannot"] = str(refused)[:200]
            self.say(f"{case.name}: cannot: {refused}")
            return
        wrong = exact.wrong(case, self.data.loaded.totals[case.name], (), answers)
        one |= {"alone": asdict(times), "wrong": wrong, "checked": len(answers)}
        told = f", cold {max(one['cold']):.1f} at most" if "cold" in one else ""
        for lowest, _ in floors:
            one["floor"] = asdict(lowest)
            told += f", floor {lowest.median:.2f} ms"
        self.say(f"{case.name}: {times.median:.2f} ms, p99 {_ms(times.p99)}, n={times.count}{told}{_told(wrong)}")

    def together(self, asker: Asker, found: dict) -> None:
        """Sixteen connections at 40 % of the most they can have: idle, one client alone again, then with a writer.

        All three of a case within seconds: the p99 is told as a multiple of a median of the same minute.
        """
        found["writes"] = {"count": 0, "seconds": 0.0}
        for case in self.cases:
            one = found["cases"][case.name]
            if self._can(one):
                one["most"] = client.fastest(asker, case, self.seconds / 2)
                one["rate"] = one["most"] * client.SHARE
                answers = self._scheduled(asker, case, one, "idle")
                self._note(one, exact.wrong(case, self.data.loaded.totals[case.name], (), answers), len(answers))
                ((beside, _),) = client.alone([(asker, case)], 300, self.seconds / 2)
                one["beside"] = asdict(beside)
                self._while_writing(asker, case, one, found["writes"])
        wrong, checked = (sum(one.get(name, 0) for one in found["cases"].values()) for name in ("wrong", "checked"))
        self.say(f"{wrong} of {checked:,} totals wrong; {found['writes']['count']:,} writes")

    def _while_writing(self, asker: Asker, case: Case, one: dict, writes: dict) -> None:
        """Compare every total that is told while somebody writes with what was true then."""
        done, answers, totals = list[Write](), list[Answer](), self.data.loaded.totals
        try:
            with self._writing(done):
                answers = self._scheduled(asker, case, one, "writing")
        finally:
            self._note(one, exact.wrong(case, totals[case.name], done, answers), len(answers))
            for other in self.cases:
                totals[other.name] += sum(write.effect(other) for write in done)
            writes["count"] += len(done)
            writes["seconds"] += done[-1].end - done[0].begin if done else 0.0

    def _can(self, one: dict) -> bool:
        return "alone" in one and (self.system.ours or one["alone"]["median"] <= SLOW_MS)

    def _scheduled(self, asker: Asker, case: Case, one: dict, how: str) -> list[Answer]:
        times, answers = client.scheduled(asker, case, one["rate"], self.seconds)
        one[how] = asdict(times)
        self.say(
            f"{case.name}, {how}, {one['rate']:.0f} of {one['most']:.0f} a second: {times.median:.2f} ms, "
            f"p99 {_ms(times.p99)}, n={times.count}"
        )
        return answers

    def _note(self, one: dict, wrong: int, checked: int) -> None:
        one["wrong"] += wrong
        one["checked"] += checked

    def floors(self, asker: Asker) -> dict[str, dict]:
        """The floors, by one client."""
        found: dict[str, dict] = {}
        for path, names in (("keys", KEYS), ("memory", MEMORY)):
            for limit, name in names.items():
                ((times, _),) = client.alone([(asker, Case(path, limit=limit))], 300, self.seconds)
                found[name] = asdict(times)
                self.say(f"floor, {name}: {times.median:.2f} ms, p99 {_ms(times.p99)}, n={times.count}")
        return found

    @contextmanager
    def _writing(self, done: list[Write]) -> Iterator[None]:
        """Somebody writes until the block ends; then `done` says what."""
        log, contact = self.data.folder / "writes.jsonl", next(case.contact for case in self.cases if case.contact)
        log.unlink(missing_ok=True)
        words = [self.data.url, self.data.loaded.user_id, contact, str(RATE), str(log)]
        process = subprocess.Popen([sys.executable, str(_HERE / "writer.py"), *words])
        try:
            _wait_for(process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
            if log.exists():
                with log.open() as lines:
                    done += exact.writes(lines)
        if process.returncode:
            raise RuntimeError(f"the writer ended with exit code {process.returncode}")


def _wait_for(process: subprocess.Popen, log: Path) -> None:
    while not log.exists() or not log.stat().st_size:
        if process.poll() is not None:
            raise RuntimeError("the writer did not start")
        time.sleep(0.1)


def _ms(value: float | None) -> str:
    return "too few" if value is None else f"{value:.2f}"


def _told(wrong: int) -> str:
    return f", {wrong} TOTALS WRONG" if wrong else ""
