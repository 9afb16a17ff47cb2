"""docs/performance.md, of what was measured."""

from __future__ import annotations

from math import exp, log
from pathlib import Path
from statistics import mean, median

from cases import LARGE
from figures import Figure, shown
from systems import CALLCOV, DATASETTE, KEYS, MEMORY, PAGINATION, POSTGRES

NAMES = (CALLCOV, POSTGRES, PAGINATION, DATASETTE)
OURS = (CALLCOV, POSTGRES)
NOT_RUN = "not run"
_MOST_BYTES = 56
_RELOAD = 0.7


class Measured:
    """What a run kept, by name; None for what was not run."""

    def __init__(self, kept: dict) -> None:
        self.kept = kept
        self.names: list[str] = kept["cases"]

    def case(self, system: str, name: str) -> dict:
        """All that is known of a case of a system; empty when it was not run."""
        return self.kept["systems"].get(system, {}).get("cases", {}).get(name, {})

    def alone(self, system: str, name: str) -> float | None:
        """Milliseconds of one client."""
        return self.case(system, name).get("alone", {}).get("median")

    def floor(self, system: str, name: str) -> float | None:
        """Milliseconds of that floor beside a system of ours."""
        return self.kept["floors"].get(system, {}).get(name, {}).get("median")

    def limit(self, system: str, name: str) -> float | None:
        """The most that a case may take, by the floor that took turns with it."""
        floor = self.case(system, name).get("floor", {}).get("median")
        return None if floor is None else 1.5 * floor + (0 if name == LARGE else 2)

    def ratios(self, system: str) -> list[float]:
        """How many times as long the peer takes as CallCov on the same file, for each of the fifteen."""
        pairs = [(self.alone(system, name), self.alone(CALLCOV, name)) for name in self.names if name != LARGE]
        return [theirs / ours for theirs, ours in pairs if theirs and ours]


def write(kept: dict, folder: Path) -> None:
    """Make the page in that folder."""
    found = Measured(kept)
    parts = (_head(found), _table(found, "Targets", _targets(found)), _alone(found), _cold(found), _together(found))
    (folder / "performance.md").write_text("\n\n".join((*parts, _floors(found), _method(found))) + "\n")


def _head(found: Measured) -> str:
    kept = found.kept
    return f"""# The list at {kept["account"]:,} calls

Written by `make bench-list` (`bench/list/`) on {kept["when"][:10]}: {kept["rows"]:,} analyses, {kept["account"]:,} of
them in the account that is asked. {kept["machine"]}; load average at the start {kept["load_average"]:.1f}.
{_versions("CallCov", kept["ours"])}
{_versions("Peers", kept["theirs"])}
Absolute times are of this machine, which also ran the client; ratios within the run are the finding.
{_busy(kept["load_average"])}
![Milliseconds a page, by case and system, logarithmic](performance.png)"""


def _busy(load: float) -> str:
    """What has to be said of a machine that was not free."""
    if load < 1.5:
        return ""
    return "\n**Other work kept the machine busy, so this is a look and not the documented run.**\n"


def _versions(who: str, versions: dict[str, str]) -> str:
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{who}: {told or NOT_RUN}."


def _table(found: Measured, title: str, figures: list[tuple[str, Figure | None]]) -> str:
    lines = [f"## {title}", "", "| Figure | Measured | Target | |", "|---|---|---|---|"]
    for what, figure in figures:
        verdict = {"PASS": "reached", "SHORT": "short"}.get(figure.verdict if figure else "", "")
        row = (shown(figure.value) + f" {figure.unit}", figure.target, verdict) if figure else (NOT_RUN, "", "")
        lines.append(f"| {what} | {' | '.join(row)} |")
    broken = [f"- {name}: broke off: {why}" for name, why in found.kept["broken"].items()]
    return "\n".join(lines + (["", *broken] if broken else []))


def _targets(found: Measured) -> list[tuple[str, Figure | None]]:
    figures: list[tuple[str, Figure | None]] = []
    for system in OURS:
        figures += [
            (f"{system}: slowest case of 100 records, of its limit (1.5 floors + 2 ms)", _slowest(found, system)),
            (f"{system}: 1,000 records, of their floor", _large(found, system)),
        ]
    figures.append((f"{CALLCOV}: slowest search asked for the first time, of the floor", _coldest(found)))
    ratios = found.ratios(PAGINATION)
    figures += [
        (f"{PAGINATION} on the same file: geometric mean of the fifteen", _mean(ratios)),
        (f"{PAGINATION}: the case in which it is best, CallCov's time of its time", _worst(ratios)),
    ]
    for system in OURS:
        figures += [
            (
                f"{system}: p99 of sixteen connections while 50 a second are written, of the median alone",
                _p99(found, system),
            ),
            (f"{system}: wrong totals", _wrong(found, system)),
        ]
    return figures + _inserts(found) + _index(found)


def _slowest(found: Measured, system: str) -> Figure | None:
    pairs = [(found.alone(system, name), found.limit(system, name)) for name in found.names if name != LARGE]
    shares = [took / limit for took, limit in pairs if took and limit]
    return Figure("", max(shares), at_most=1) if shares else None


def _large(found: Measured, system: str) -> Figure | None:
    took, limit = found.alone(system, LARGE), found.limit(system, LARGE)
    return Figure("", took / limit * 1.5, at_most=1.5) if took and limit else None


def _coldest(found: Measured) -> Figure | None:
    cold = [median(one["cold"]) for name in found.names if "cold" in (one := found.case(CALLCOV, name))]
    floor = found.floor(CALLCOV, KEYS[100])
    return Figure("", max(cold) / floor, at_most=12.5) if cold and floor else None


def _mean(ratios: list[float]) -> Figure | None:
    return Figure("", exp(mean(map(log, ratios))), "x as long", at_least=50) if ratios else None


def _worst(ratios: list[float]) -> Figure | None:
    return Figure("", 1 / min(ratios), at_most=1.2) if ratios else None


def _p99(found: Measured, system: str) -> Figure | None:
    cases = [found.case(system, name) for name in found.names]
    shares = [one["writing"]["p99"] / one["beside"]["median"] for one in cases if one.get("writing", {}).get("p99")]
    return Figure("", max(shares), at_most=5) if shares else None


def _wrong(found: Measured, system: str) -> Figure | None:
    cases = [one for name in found.names if "checked" in (one := found.case(system, name))]
    checked = sum(one["checked"] for one in cases)
    return Figure("", sum(one["wrong"] for one in cases), f"of {checked:,}", at_most=0) if cases else None


def _inserts(found: Measured) -> list[tuple[str, Figure | None]]:
    rates = found.kept.get("inserts")
    names = (
        "one row a transaction",
        "100 in a transaction, both in one statement",
        "100 in a transaction, the naive ones row by row",
        "100 in a transaction, both in one statement, the driver alone with CallCov's indexes",
    )
    if not rates:
        return [(f"calls taken on, of a naive table's rate: {name}", None) for name in names]
    values = (
        Figure("", rates["ours, one"] / rates["naive, one"], at_least=0.3),
        Figure("", rates["ours, batch"] / rates["together, batch"], at_least=0.4),
        Figure("", rates["ours, batch"] / rates["naive, batch"]),
        Figure("", rates["floor, batch"] / rates["together, batch"]) if "floor, batch" in rates else None,
    )
    return [
        (f"calls taken on, of a naive table's rate: {name}", value) for name, value in zip(names, values, strict=True)
    ]


def _index(found: Measured) -> list[tuple[str, Figure | None]]:
    figures: list[tuple[str, Figure | None]] = []
    for engine in ("SQLite", "PostgreSQL"):
        one = found.kept["index"].get(engine)
        figures += [
            (
                f"{engine}: memory of the index, a row and process",
                one and Figure("", one["bytes"], "bytes", _MOST_BYTES),
            ),
            (f"{engine}: index back after a restart", one and Figure("", one["reload"], "s", _RELOAD)),
            (f"{engine}: index read from the rows, in the background", one and Figure("", one["read"], "s")),
        ]
    return figures


def _alone(found: Measured) -> str:
    lines = [
        "## One client, warm",
        "",
        "Medians in ms (p99; number of answers), and how many times as long as CallCov.",
    ]
    lines += ["", f"| Case | {CALLCOV} | limit | {POSTGRES} | limit | {PAGINATION} | {DATASETTE} |", "|---" * 7 + "|"]
    for name in found.names:
        ours = [cell for system in OURS for cell in (_cell(found, system, name), _number(found.limit(system, name)))]
        peers = [_cell(found, system, name) + _times(found, system, name) for system in (PAGINATION, DATASETTE)]
        lines.append(f"| {' | '.join((name, *ours, *peers))} |")
    return "\n".join(lines)


def _cell(found: Measured, system: str, name: str) -> str:
    one = found.case(system, name)
    if "cannot" in one:
        return "cannot"
    if "alone" not in one:
        return NOT_RUN
    times = one["alone"]
    p99 = f"{shown(times['p99'])}; " if times["p99"] else ""
    return f"{shown(times['median'])} ({p99}{times['count']})"


def _times(found: Measured, system: str, name: str) -> str:
    theirs, ours = found.alone(system, name), found.alone(CALLCOV, name)
    return f", {shown(theirs / ours)} times" if theirs and ours else ""


def _number(value: float | None) -> str:
    return NOT_RUN if value is None else shown(value)


def _cold(found: Measured) -> str:
    lines = ["## Searches that nobody asked for before", "", "Of five searches of the kind, each asked once: ms."]
    lines += ["", f"| Search | {CALLCOV}, median | slowest | {POSTGRES}, median | slowest |", "|---" * 5 + "|"]
    for name in found.names:
        if not name.startswith("search"):
            continue
        cold = [found.case(system, name).get("cold") for system in OURS]
        cells = [text for one in cold for text in ((shown(median(one)), shown(max(one))) if one else (NOT_RUN,) * 2)]
        lines.append(f"| {name.removeprefix('search ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _together(found: Measured) -> str:
    lines = [
        "## Sixteen connections",
        "",
        "Together they ask at 40 % of the most that they get when each asks as soon as it is answered. Times in ms,",
        "p50 and p99, counted from the moment at which it should have been asked. Alone is one client's median just",
        "before somebody writes. A peer that takes over half a second alone is left out.",
    ]
    for system in NAMES:
        cases = [(name, one) for name in found.names if "idle" in (one := found.case(system, name))]
        if not cases:
            lines += ["", f"{system}: {NOT_RUN}."]
            continue
        writes = found.kept["systems"][system].get("writes", {"count": 0, "seconds": 0.0})
        title = f"{system}; {writes['count']:,} writes, {writes['count'] / (writes['seconds'] or 1):.1f} a second"
        columns = "most a second | idle | alone | writing | p99 of the median alone | wrong totals"
        lines += [
            "",
            f"| {title} | {columns} |",
            "|---" * 7 + "|",
            *(f"| {name} | {_row(one)} |" for name, one in cases),
        ]
    return "\n".join(lines)


def _row(one: dict) -> str:
    writing = one.get("writing")
    ratio = shown(writing["p99"] / one["beside"]["median"]) + " times" if writing and writing["p99"] else ""
    alone = shown(one["beside"]["median"]) if "beside" in one else NOT_RUN
    told = (_both(one["idle"]), alone, _both(writing), ratio, f"{one['wrong']} of {one['checked']:,}")
    return f"{shown(one['most'])} | {' | '.join(told)}"


def _both(times: dict | None) -> str:
    if times is None:
        return NOT_RUN
    return f"{shown(times['median'])}, {shown(times['p99']) if times['p99'] else 'too few for a p99'}"


def _floors(found: Measured) -> str:
    lines = ["## Floors", "", f"| Floor, one client, ms | beside {CALLCOV} | beside {POSTGRES} |", "|---|---|---|"]
    names = (*KEYS.values(), *MEMORY.values())
    lines += [f"| {name} | {' | '.join(_number(found.floor(system, name)) for system in OURS)} |" for name in names]
    loads = found.kept["load"].items()
    told = [f"{engine} {one['seconds']:.0f} s{_size(one)}" for engine, one in loads]
    return "\n".join([*lines, "", f"Loading the rows: {', '.join(told) or NOT_RUN}."])


def _size(one: dict) -> str:
    return f", a file of {one['bytes'] / 1e9:.1f} GB" if one["bytes"] else ""


def _method(found: Measured) -> str:
    return (Path(__file__).parent / "method.md").read_text().rstrip().replace("SECONDS", f"{found.kept['seconds']:g}")
