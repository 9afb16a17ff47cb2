"""docs/accuracy.md: every figure of a whole run, and what they show and do not show."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import fires
import telling
import written
from counting import Outcome, scores, targets
from judging import LISTED
from listening import WAYS
from written import FIELDS, SILENT, SPLITS

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
HEAD = """# How right the verdicts are

Written by `make bench-verdicts` (or `run.py --short`, then it says so below) on {date}, Python {python},
CallCov's own models on one CPU. The calls, labels, the sound and the scoring are in `bench/verdicts/`; [its
README](../bench/verdicts/README.md) says what counts as right.

**dev** ({dev} calls) is what rules were tuned with, and what the tagger is trained on too. **fresh** ({fresh} calls, as
written, without sound) came later, by fifteen authors more, and was judged once before anything was changed for it; the
README tells what it has been used for since. **held_out** ({held_out} calls) was written and labelled before the rules
of this version by authors who had not seen the product's rules or example sentences, labelled a second time blind, and
decided where the two differed ([agreement](../bench/verdicts/held_out/second/AGREEMENT.md)); its hashes are committed
and tested. Nobody read its calls, labels or details while tuning. What was seen: the totals below, after the reader was
trained, while checks were tuned, and before and after the tagger, its second to fourth training and each change of its
limits, the second and the third training of the reader, after how calls end was learned, with rules and a reader that
were not kept, when two readers were chosen instead of one, with two taggers, two voices heard at once and the agent
found by the readers, with a recogniser of five hypotheses that was not kept, with versions 11, 12, 14, 15, four
times 16, and 17 of the checks, after the taggers, then the readers had learned from what is recognised, after the
taggers had from all exchanges, and with the rules for the numbers of houses and for what is only asked back (the
README and that of `tools/talk/` tell of them); and, in the test that searches what is stored for every value, the
names of two calls with the type of the value that was found (a government id, a password).

"""
LIMITS = """
## What these figures show, and what not

- **The voices are synthetic.** Read by text-to-speech, limited to telephone bandwidth and squeezed into mp3 at 16 to
  24 kbit/s: nobody mumbles, laughs, or talks from the back of a car, and overlaps are cleaner than in life. Some of the
  voices speak English with an accent that the recogniser hears badly, which shows in the word error rates. Real calls
  differ; by how much these figures do not say. Stereo is two quiet lines, mono has pink noise 20 dB under the speech.
- **The calls are invented** and written by few authors with one background, so are the labels; two labellings of this
  kind agree more than two strangers would. They show how the product copes with the ways of speaking those authors
  thought of.
- **The number of calls is small**: {verdicts} verdicts a way in held_out; a share of 0.9 is good to some ±0.04, the
  calls not being independent of each other within a trade.
- **English only**, British and American.
- A value counts as leaked when half of its digits (three at least), or a telling word of an e-mail, address or
  password, can be read within a second of where it was said. The served sound is recognised again with the same
  recogniser: what it cannot hear, a person might.
- Written transcripts carry the rendered turn times and no recognition errors; the difference between the ways is what
  hearing costs.
"""


def write(outcomes: Mapping[tuple[str, str], Outcome]) -> None:
    """Write the page from a run of every split in all its ways."""
    calls = {split: outcomes[split, "written"].calls for split in SPLITS}
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        python=platform.python_version(),
        **{split: len(calls[split]) for split in SPLITS},
    )
    parts = [head, _targets(outcomes)]
    for split in reversed(SPLITS):
        ways = [outcomes[split, way] for way in WAYS if (split, way) in outcomes]
        parts += [f"\n## {split}, {len(calls[split])} calls\n", _fields(ways), _whole(ways)]
        if split not in SILENT and (missing := [way for way in WAYS if (split, way) not in outcomes]):
            parts.append(f"\nNot run for this page: {' and '.join(missing)} sound of the {split} calls.")
    parts.append(_voices([outcomes["dev", way] for way in WAYS if ("dev", way) in outcomes]))
    parts += [_exchanges(), LIMITS.format(verdicts=len(outcomes["held_out", "written"].verdicts)), _rare(outcomes)]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def _targets(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    lines = ["| Figure on held_out | Measured | Target | |", "|---|---|---|---|"]
    for (split, way), found in outcomes.items():
        lines += [
            f"| {one.what} | {one.value:.3f} | {one.target} | {'reached' if one.holds else '**short**'} |"
            for one in targets(split, way, found)
        ]
    return "\n".join(lines)


def _fields(ways: Sequence[Outcome]) -> str:
    lines = [
        "Right verdicts of each field; for listed things precision / recall / F1.\n",
        f"| Field | {' | '.join(one.way for one in ways)} |",
        f"|---|{'---|' * len(ways)}",
    ]
    for field in (*FIELDS, "summary"):
        cells = []
        for one in ways:
            verdicts = one.of(field)
            listed = " / ".join(f"{part:.2f}" for part in scores(verdicts)) if field in (*LISTED, "summary") else ""
            cells.append(f"{sum(verdict.right for verdict in verdicts)}/{len(verdicts)} {listed}".strip())
        lines.append(f"| {field} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _whole(ways: Sequence[Outcome]) -> str:
    rows = {
        "right verdicts": [f"{one.right:.3f}" for one in ways],
        "mean F1 of listed things": [f"{one.mean_f1:.3f}" for one in ways],
        "values leaked in the transcript": [f"{sum(map(len, one.leaks().values()))} of {one.values()}" for one in ways],
        "values audible in the served sound": ["" if one.audible() is None else str(one.audible()) for one in ways],
        "decoys masked": [f"{sum(map(len, one.hidden().values()))} of {one.decoys()}" for one in ways],
        "agent or customer right by time": ["" if one.way == "written" else f"{one.roles:.3f}" for one in ways],
        "word error rate": ["" if (rate := one.word_error_rate) is None else f"{rate:.3f}" for one in ways],
    }
    lines = [f"\n| All | {' | '.join(one.way for one in ways)} |", f"|---|{'---|' * len(ways)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def _voices(ways: Sequence[Outcome]) -> str:
    """The dev calls by the voice that reads the agent, the one with the most right verdicts first."""
    shares: dict[str, list[Outcome]] = {}
    for voice in sorted({written.truth(call)["voices"]["A"] for call, _, _ in ways[0].calls}):
        shares[voice] = [
            Outcome(one.way, tuple(part for part in one.calls if written.truth(part[0])["voices"]["A"] == voice))
            for one in ways
        ]
    lines = [
        "\n## What the voice costs\n",
        "The dev calls by the voice that reads the agent: the share of right verdicts, and of the words on both sides",
        "that were heard wrong.\n",
        f"| Voice | calls | {' | '.join(one.way for one in ways)} |",
        f"|---|---|{'---|' * len(ways)}",
    ]
    for voice, parts in sorted(shares.items(), key=lambda share: -share[1][-1].right):
        cells = [
            f"{one.right:.3f}" + ("" if (rate := one.word_error_rate) is None else f", words {rate:.3f}")
            for one in parts
        ]
        lines.append(f"| {voice} | {len(parts[0].calls)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _exchanges() -> str:
    """Sensitive values in short exchanges, by the rules alone and with the tagger."""
    lines = [
        "\n## Sensitive values in short exchanges\n",
        "Only counted. **held_out** is by an author who saw neither the rules nor what the tagger is trained on; five",
        "of its exchanges were seen once, for their form. **fresh** is by eight authors who saw as little; the other",
        "half of what each of them wrote is among what the tagger is trained on. Its totals and those of held_out were",
        "seen before that training, after three passes of it, upon which four more followed, and with two settings of",
        "the limits, which were chosen before; once more after the tagger had seen 1,200 exchanges by eight others;",
        "and then with higher limits (0.65, 0.8), which told 18 values more and hid 31 decoys fewer here, and were",
        "taken back. **held_out, heard** are the same exchanges read aloud and recognised (`tools/values/`), a piece",
        "of a value counting as it was recognised; their totals were seen with the taggers before and after they had",
        "learned from what is recognised, with each alone and both. All three were seen with what the taggers learned",
        "last taken whole, by three quarters and by half, which is kept; the last two, and none of it, also with a",
        "higher limit (0.65). By type: `python bench/verdicts/telling.py`.\n",
        "| Exchanges | Found by | Values told | Decoys hidden |",
        "|---|---|---|---|",
    ]
    for path in telling.COUNTED:
        for way, found in telling.ways(path).items():
            told, hidden = (
                f"{some} of {every:,} ({some / every:.1%})"
                for some, every in ((found.told.total(), found.there.total()), (found.hidden, found.decoys))
            )
            lines.append(f"| {telling.name(path)} | {way} | {told} | {hidden} |")
    return "\n".join(lines)


def _rare(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """Rules that fire on fewer than two dev calls as written."""
    found = fires.rare([heard for _, heard, _ in outcomes["dev", "written"].calls])
    lines = ["\n## Rules that fire on fewer than two dev calls, as written\n"]
    lines.append("A rule fitted to one sentence is worthless; one that is general may still be rare in so few calls.\n")
    for kind, (count, names) in found.items():
        lines.append(f"- {kind}: {len(names)} of {count}")
    for kind, (_, names) in found.items():
        print(f"fires on fewer than two dev calls, {kind}:", *names, sep="\n  ")
    lines.append("\n`make bench-verdicts` prints them by name.")
    return "\n".join(lines) + "\n"
