"""Active listening: the agent restates what the customer said, reads a detail back, or checks understanding.

Rule, for what the agent says after the customer's first word:
- an `active_listening` act that is sure, or grounded: it asks about understanding ("have I got that right?", "does that
  make sense?"), or shares a telling word or a number with what the customer said. What only tells what the agent did
  ("so I've changed it to Monday") is none. The instance is the sentence of the act;
- a read-back: a value that the customer told in the last few segments, said again ("oh one six three two ..."), masked
  or not; or a number of the customer's in the first words of the answer;
- a restatement: a sentence that begins as one ("so ...", "you'd like to ...") with a telling word of the customer's
  last turns, two of them after a bare "so"; a "so you ..." that says what the customer did, is or wants, which only
  they can have told ("so you believed it was paid"); or a short sentence made of the customer's own words that
  comes first ("Credentials expired.") or asks ("hang on, he drove off?").
Words that touch are one instance. "Mm-hm" and "right" alone are none.
Unit: a count. One party, or nobody: not used, 0.
Never flagged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from callcov.checks.evidence import Evidence, Result
from callcov.checks.reading import Reading
from callcov.checks.telling import sentences, stems
from callcov.model import Role
from callcov.text.guards import inverted
from callcov.text.normalise import Token
from callcov.text.phrases import Matcher

_RECENT = 3
"""Turns of the customer that a restatement or a read-back can belong to."""
_OPENING = 12
"""Tokens of an answer in which a number is read back."""
_SURE = 0.6
"""How likely an act must be to count whatever its words are."""
_READ_BACK = 3
"""Digits of a number that is read back."""
_ECHO = 8
"""Tokens of a sentence that does nothing but repeat."""
_CHECKS = Matcher(
    (
        ("checks", wording.strip())
        for wording in """is that right, is that correct, have i got, did i get, did i hear, have i understood, have i
        heard,
            do i understand, does that make sense, does that sound right, is that clear, is this clear, am i right,
            are you with me, read that back, repeat that back, say that back, run through that, to recap, to summarise,
            to summarize, to sum up, so i understand, make sure i have, make sure i understand, make sure i got,
            make sure we have, check i have, if i understand you, correct me if, does that answer, is that everything
            right,
            do you follow, is it clear, was that right, happy with that so far, all clear so far, is that all clear,
            is everything clear, is that it, does all of that make sense, does that all make sense, does it make sense,
            can i check i have, hear you right, understood you, got you right, did i understand""".split(",")
    ),
    exact=True,
)
_RESTATES = Matcher(
    (
        ("restates", wording.strip())
        for wording in """you would like, you want, you are looking to, you are looking for, you are saying, you said,
            you mentioned, you told me, you are after, you need, you have had, you have been, you have not,
            you have got, you say, you were told, you were charged, you did not, you never, what you are saying, what
            you are telling, it sounds like, sounds like, in other words, i understand you, i understand that you,
            i hear that, have i understood""".split(",")
    ),
    exact=True,
)
_LEADS = frozenset("ok right so ah oh and well yeah yes then now mhm lovely great thanks".split())
_LEADING = frozenset((("all", "right"), ("got", "it"), ("i", "see"), ("thank", "you"), ("hang", "on")))
"""Words, and pairs of them, before what a sentence says."""
_OWN = frozenset("i we let".split())
_DOES = frozenset("have will am are can".split())
_TAKEN_IN = frozenset("got understood heard hearing understand noted written down right".split())
"""After "I have" or "I am": what the agent took in, and not what they did."""
_SHOWN = 40
"""Tokens of the longest sentence that is shown whole."""
_NOT_SAID = frozenset("can could will should need may might must".split())
"""After "so you": what the customer is to do, not what they said."""
_WANTS = frozenset("like rather prefer".split())
_SETTLED = frozenset(
    "all set booked covered registered due good in entitled eligible welcome fine ok done through next free able "
    "confirmed protected paying going getting".split()
)
"""After "so you are": what the agent has arranged or knows."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Nothing an account may change."""


class ActiveListening(Result):
    """Whether, how often and where the agent showed to have listened."""

    used: bool
    count: int
    instances: tuple[Evidence, ...]


@dataclass(slots=True)
class _Heard:
    """What the customer has said so far: telling stems in all, those and the numbers of the last turns, the values."""

    told: set[str] = field(default_factory=set[str])
    turns: list[tuple[frozenset[str], frozenset[str]]] = field(
        default_factory=list[tuple[frozenset[str], frozenset[str]]]
    )
    values: dict[int, int] = field(default_factory=dict[int, int])

    def add(self, heard: Sequence[Token], values: Sequence[int], *, goes_on: bool) -> None:
        """A segment of the customer's; one that goes on belongs to the turn before."""
        found = stems(heard), frozenset(run for run, _, _ in _numbers(heard))
        self.told |= found[0]
        if goes_on and self.turns:
            found = found[0] | self.turns[-1][0], found[1] | self.turns.pop()[1]
        self.turns.append(found)
        self.values |= dict.fromkeys(values, len(self.turns))

    def recent(self) -> frozenset[str]:
        """The telling stems of the last turns."""
        return frozenset[str]().union(*(words for words, _ in self.turns[-_RECENT:]))

    def numbers(self) -> frozenset[str]:
        """The numbers of the last turns."""
        return frozenset[str]().union(*(numbers for _, numbers in self.turns[-_RECENT:]))


def check(transcript: Reading, _rules: Rules) -> ActiveListening:
    """Where the agent showed to have listened."""
    heard = _Heard()
    values: dict[int, list[tuple[int, int, int]]] = {}
    for one in transcript.sensitive:
        values.setdefault(one.segment, []).append((one.value, one.first, one.last))
    found: list[Evidence] = []
    before: Role | None = None
    for place, segment in enumerate(transcript.segments):
        role = transcript.role(segment.speaker)
        if role is Role.CUSTOMER:
            told = [value for value, _, _ in values.get(place, ())]
            heard.add(transcript.tokens[place], told, goes_on=before is role)
        elif heard.turns:
            spans = [*_acts(transcript, place, heard), *_restated(transcript.tokens[place], heard)]
            spans += [
                (first, last)
                for value, first, last in values.get(place, ())
                if len(heard.turns) - heard.values.get(value, -_RECENT) < _RECENT
            ]
            if before is Role.CUSTOMER:
                spans += _read_back(transcript.tokens[place], heard.numbers())
            found += [Evidence.at(transcript, place, first, last) for first, last in _joined(spans)]
        before = role
    return ActiveListening(used=bool(found), count=len(found), instances=tuple(found))


def _acts(transcript: Reading, place: int, heard: _Heard) -> Iterator[tuple[int, int]]:
    """The words of the segment's acts that are grounded in what the customer said."""
    said = transcript.tokens[place]
    for act in transcript.segments[place].acts:
        if act.name == "active_listening":
            sure = act.like is not None and act.confidence >= _SURE
            mine = [token for token in said if act.first <= token.word < act.last]
            checks = _CHECKS.find(mine)
            if checks or (not _announces(mine) and (sure or stems(mine) & heard.told or _shares_number(mine, heard))):
                yield _sentence_around(said, act.first, act.last)


def _announces(mine: Sequence[Token]) -> bool:
    """Whether words tell only what the agent does or did: "so I've changed it to Monday"."""
    rest = [token.text for token in mine[_led(mine, 0, len(mine)) :][:3]]
    return len(rest) == 3 and rest[0] in _OWN and rest[1] in _DOES and rest[2] not in _TAKEN_IN


def _sentence_around(said: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """Words with the rest of their sentence, where what is played back may stand; not of a very long one."""
    for begin, end in sentences(said):
        start, stop = said[begin].word, said[end - 1].word + 1
        if end - begin <= _SHOWN and start < last and first < stop:
            return min(first, start), max(last, stop)
    return first, last


def _shares_number(mine: Sequence[Token], heard: _Heard) -> bool:
    """Whether a number of the customer's last turns is among the words."""
    return any(run in said for run, _, _ in _numbers(mine) for said in heard.numbers())


def _restated(said: Sequence[Token], heard: _Heard) -> Iterator[tuple[int, int]]:
    """Sentences that give back what the customer said in the last turns."""
    recent = heard.recent()
    for number, (first, last) in enumerate(sentences(said)):
        start = _led(said, first, last)
        led = any(token.text == "so" for token in said[first:start])
        rest = said[start:last]
        shared = stems(rest) & recent
        opened = any(match.first == 0 for match in _RESTATES.find(rest))
        own = bool(rest) and (rest[0].text in _OWN or (len(rest) > 1 and rest[1].text in _NOT_SAID))
        alone = number == 0 or (said[last - 1].end == "?" and not inverted(said, first))
        echo = alone and len(rest) <= _ECHO and len(shared) >= 2 and stems(rest) <= recent
        given_back = (shared and opened) or (led and (len(shared) >= 2 or _of_them(rest)))
        if echo or (given_back and not own):
            yield said[first].word, said[last - 1].word + 1


def _led(said: Sequence[Token], first: int, last: int) -> int:
    """Where a sentence begins behind its leading words."""
    while first < last:
        pair = tuple(token.text for token in said[first : first + 2])
        if pair not in _LEADING and pair[0] not in _LEADS:
            break
        first = min(last, first + (2 if pair in _LEADING else 1))
    return first


def _of_them(rest: Sequence[Token]) -> bool:
    """Whether a sentence behind "so" says what the customer did, is or wants."""
    if len(rest) < 4 or rest[0].text != "you":
        return False
    verb, after = rest[1].text, rest[2].text
    if verb in ("are", "were"):
        return after not in _SETTLED
    return (verb == "would" and after in _WANTS) or verb in ("want", "wanted") or verb.endswith("ed")


def _read_back(said: Sequence[Token], numbers: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Numbers of the customer's in the first words of an answer."""
    for run, first, last in _numbers(said[:_OPENING]):
        if len(run) >= _READ_BACK and any(run in one for one in numbers):
            yield said[first].word, said[last - 1].word + 1


def _numbers(said: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    """The runs of digits in plain tokens, with the tokens they cover."""
    first = 0
    while first < len(said):
        last = first
        while last < len(said) and said[last].text.isdigit():
            last += 1
        if last > first:
            yield "".join(token.text for token in said[first:last]), first, last
        first = max(last, first + 1)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch or overlap as one."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if kept and first <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], last))
        else:
            kept.append((first, last))
    return kept
