"""Calls written as lines of text, for the case tables and any other test that needs a Transcript.

    A 16.2-18.0 {identity: this is Dana} from Acme sorry to hear that
    C 19.0-24.0 {sentiment=-0.8} {complaint: nobody called me back} my card is [card_number] [card_number]
    A 25.0-25.6

`A` is the agent, `C` the customer. `{name: words}` puts an act on those words (they nest; a name may hold one colon,
as in `{disclosure:call_recording: this call is recorded}`). `{sentiment=-0.8}` is the segment's sentiment. A word in
brackets is masked; a run of one type in a line is one value, unless numbered: `[pin#0]` belongs to value 0 wherever
it stands. Words are spread evenly over the line's time. Every line makes a turn; a line without words is a sound
without words. Speakers are labelled `A` and `B` by who talks first, as in every transcript.
"""

import re
from dataclasses import dataclass, field

import leaks

from callcov.model import Act, Role, Segment, Sensitive, Span, Transcript, Turn, Word

LINE = re.compile(r"^([AC]) +(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)(?: +(.*))?$")
TOKEN = re.compile(
    r"\{sentiment=(?P<sentiment>-?\d+(?:\.\d+)?)\}|\{(?P<opens>[a-z_]+(?::[a-z0-9_#-]+)?):(?=\s)|(?P<closes>\})"
    r"|\[(?P<mask>[a-z_]+)(?:#(?P<value>\d+))?\](?P<after>[.,?!]?)|(?P<word>[^\s{}]+)"
)
ROLES = {"A": Role.AGENT, "C": Role.CUSTOMER}


@dataclass
class _Line:
    role: Role
    span: Span
    words: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    masked: list[tuple[str, int | None, int]] = field(default_factory=list)
    sentiment: float = 0.0


def transcript_of(
    script: str, *, duration: float | None = None, language: str = "en", channels_apart: bool = True
) -> Transcript:
    """The call those lines describe; its duration is the last line's end unless given."""
    lines = sorted((_line(text) for text in script.splitlines() if text.strip()), key=lambda line: line.span.start)
    for line in lines:
        leaks.said(" ".join(line.words))
    order = dict.fromkeys(line.role for line in lines)
    labels = dict(zip(order, "AB", strict=False))
    spoken = [line for line in lines if line.words]
    end = max((line.span.end for line in lines), default=0.0)
    return Transcript(
        segments=tuple(_segment(line, labels[line.role]) for line in spoken),
        turns=tuple(Turn(labels[line.role], line.span) for line in lines),
        roles={label: role for role, label in labels.items()},
        sensitive=_sensitive(spoken),
        duration=end if duration is None else duration,
        language=language,
        channels_apart=channels_apart,
    )


def _line(text: str) -> _Line:
    match = LINE.match(text.strip())
    if not match:
        raise ValueError(f"not a line of a call: {text!r}")
    line = _Line(ROLES[match[1]], Span(float(match[2]), float(match[3])))
    opened: list[tuple[str, int]] = []
    for token in TOKEN.finditer(match[4] or ""):
        if token["sentiment"]:
            line.sentiment = float(token["sentiment"])
        elif token["opens"]:
            opened.append((token["opens"], len(line.words)))
        elif token["closes"]:
            name, first = opened.pop()
            line.acts.append(Act(name, first, len(line.words)))
        elif token["mask"]:
            line.masked.append((token["mask"], int(token["value"]) if token["value"] else None, len(line.words)))
            line.words.append(f"[{token['mask']}]")
        else:
            line.words.append(token["word"])
    if opened:
        raise ValueError(f"an act is not closed: {text!r}")
    return line


def _segment(line: _Line, speaker: str) -> Segment:
    step = line.span.duration / len(line.words)
    times = [round(line.span.start + step * place, 3) for place in range(len(line.words))] + [line.span.end]
    return Segment(
        speaker=speaker,
        words=tuple(
            Word(text, Span(start, end)) for text, start, end in zip(line.words, times, times[1:], strict=False)
        ),
        channel=0 if line.role is Role.AGENT else 1,
        acts=tuple(sorted(line.acts, key=lambda act: (act.first, act.last))),
        sentiment=line.sentiment,
    )


def _sensitive(lines: list[_Line]) -> tuple[Sensitive, ...]:
    found: list[Sensitive] = []
    fresh = 1 + max((value for line in lines for _, value, _ in line.masked if value is not None), default=-1)
    for place, line in enumerate(lines):
        for kind, value, at in line.masked:
            before = found[-1] if found else None
            follows = before and (before.segment, before.last, before.type) == (place, at, kind)
            if before and follows and value in {None, before.value}:
                found[-1] = Sensitive(kind, before.value, place, before.first, at + 1)
                continue
            found.append(Sensitive(kind, fresh if value is None else value, place, at, at + 1))
            fresh += value is None
    return tuple(found)
