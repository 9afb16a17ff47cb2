"""Parts of the call that are missing, and what to say instead, as far as it fits what was said.

Rule: of the parts that `call_structure` misses, none is told that the words show after all: how the matter is solved
where the agent says that it is done ("I have unblocked it now"), a question where the agent asked one ("may I ask
why?"). Only a thing that is broken is asked when it started, everything else in general; and who asked whether there is
anything else is told to say goodbye alone.
The agent alone can only open and close. Nobody: nothing was opened or closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from callcov.checks.quality.call_structure import CallStructure
from callcov.checks.reading import Reading
from callcov.checks.signs import signs
from callcov.model import Role

_PARTS = {
    "opening": ("Open the call", "Say “Good morning, you are through to ..., how can I help?”"),
    "discovery": (
        "Ask before you answer",
        "After the customer's first words ask “Can you tell me a little more about it?”",
    ),
    "resolution": ("Say how the matter is solved", "Say “What I have done is ...”, or “What happens next is ...”"),
    "closing": ("Close the call", "Say “Is there anything else I can do for you? Thank you for your call”"),
}
"""What is advised where a part of the call is missing: a title, and what to say."""
_SINCE_WHEN = "After the customer's first words ask “When did this start?”"
_GOODBYE = "Say “Thank you for your call, goodbye”"
_BROKEN = frozenset(
    "broken broke fault faulty stopped leak leaking leaks crashed crashing frozen freezes error dripping".split()
)
_FAILS = {"not": ("work", "working", "turn", "start", "load", "charge", "connect"), "keeps": ("cutting", "dropping")}
_WONDERS = frozenset("what when which where why how".split())
_NO_MATTER = frozenset(
    "else other anything name birth address postcode zip email number pin password digits card help assist".split()
)
"""Words of questions that verify, offer help or take leave."""
_NOT_DONE = frozenset("not never checked looked tried received noticed asked wanted needed called lived".split())
"""Words behind "I have" that settle nothing."""
_DONE = frozenset(
    "closed cancelled canceled changed paid booked sorted fixed done removed updated refunded ordered unlocked "
    "unblocked activated renewed moved reset".split()
)
"""What a matter is when it is done: "it is closed"."""
_ANYTHING_ELSE = (("anything", "else"), ("something", "else"), ("that", "everything"), ("that", "all"))


def missing_parts(transcript: Reading, structure: CallStructure, *, both: bool) -> dict[str, tuple[str, str]]:
    """What to advise for each part that is missing: a title, and what to say; `both` tells that both sides spoke."""
    names = ("opening", "discovery", "resolution", "closing") if both else ("opening", "closing")
    missing = {name: _PARTS[name] for name in names if not getattr(structure, name).present}
    if "discovery" in missing and _asked(transcript):
        del missing["discovery"]
    if "resolution" in missing and _settled(transcript):
        del missing["resolution"]
    if "discovery" in missing and _broken(transcript):
        missing["discovery"] = (_PARTS["discovery"][0], _SINCE_WHEN)
    if "closing" in missing and _asked_for_more(transcript):
        missing["closing"] = (_PARTS["closing"][0], _GOODBYE)
    return missing


def _agents_sentences(transcript: Reading) -> Iterator[tuple[list[str], str]]:
    """The words of the agent's sentences behind the customer's first words, and the mark that ends each."""
    first = min((place for place, _ in transcript.spoken_by(Role.CUSTOMER)), default=len(transcript.segments))
    for place, _ in transcript.spoken_by(Role.AGENT):
        said: list[str] = []
        for token in transcript.tokens[place] if place > first else ():
            said.append(token.text)
            if token.end in (".", "?"):
                yield said, token.end
                said = []


def _asked(transcript: Reading) -> bool:
    """Whether the agent asked about the matter: "may I ask why?"."""
    return any(
        mark == "?" and not _WONDERS.isdisjoint(said) and _NO_MATTER.isdisjoint(said)
        for said, mark in _agents_sentences(transcript)
    )


def _asked_for_more(transcript: Reading) -> bool:
    """Whether the agent asked if there was anything else."""
    return any(
        pair in _ANYTHING_ELSE for said, mark in _agents_sentences(transcript) if mark == "?" for pair in pairwise(said)
    )


def _settled(transcript: Reading) -> bool:
    """Whether the agent says that the matter is done: "I have unblocked it now", "that's paid"."""
    if any(one.name == "settled" for one in signs(transcript, Role.AGENT)):
        return True
    return any(
        mark != "?" and any(_done(pair, said[at + 2 : at + 4]) for at, pair in enumerate(pairwise(said)))
        for said, mark in _agents_sentences(transcript)
    )


def _done(pair: tuple[str, str], behind: Sequence[str]) -> bool:
    """Whether two words and those behind them say that something is done: "I have unblocked", "it is closed"."""
    if pair[1] == "have" and pair[0] in ("i", "we"):
        return _NOT_DONE.isdisjoint(behind) and any(word.endswith("ed") for word in behind)
    return pair[1] == "is" and pair[0] in ("it", "that", "this") and not _DONE.isdisjoint(behind[:1])


def _broken(transcript: Reading) -> bool:
    """Whether the customer calls about a thing that is broken, and tells of nothing grave."""
    said = [token.text for place, _ in transcript.spoken_by(Role.CUSTOMER) for token in transcript.tokens[place]]
    fails = any(other in _FAILS.get(one, ()) for one, other in pairwise(said))
    return (fails or not _BROKEN.isdisjoint(said)) and not any(
        one.name == "grave" for one in signs(transcript, Role.CUSTOMER)
    )
