"""Words that announce a pause or ask for one, in either side's mouth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from callcov.model import Role
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.phrases import Match, Matcher

Kind = Literal["hold", "moment", "doing"]
LIMITS: dict[Kind, tuple[int, int]] = {"hold": (30, 25), "moment": (12, 12), "doing": (4, 8)}
"""Words that may still follow the announcing sentence: of the announcer, and of the other side."""

_EITHER = """one moment, one second, one sec, one minute, one min, one tick, one mo, just a moment, just a second,
    just a sec, just a minute, just a min, just a tick, just a mo, just one moment, just one second, just one minute,
    a moment please, a second please, a minute please, two ticks, two secs, two seconds, two shakes, half a sec, half
    a second, half a mo, half a tick, half a minute, half a moment, give me a moment, give me a second, give me a sec,
    give me a minute, give me a min, give me a tick, give me a mo, give me a few, give me a couple, give me one, give
    me two, give me half, give me just, give me time, give us a moment, give us a second, give us a sec, give us a
    minute, give us a tick, give us two, give us one, allow me a, allow me one, allow me to, a moment while i, a
    minute while i, a second while i, a sec while i, a tick while i, a moment while it, a moment to look, a moment to
    check, need a moment, need a minute, need a second, take me a moment, take me a minute, take me a second, bear
    with me, bare with me, bear with us, bear with, bare with, hang on, hold on, hang fire, hold tight, sit tight,
    hold up, wait there, wait a moment, wait a second, wait a sec, wait a minute, wait a tick, wait one, please wait,
    wait while, wait for me, stay there, stay with me, stay on with me, stay on the line, stay on the phone, stay on
    while, while i look, while i check, while i find, while i get, while i pull, while i bring, while i open, while i
    have a look, while i do, while i put, while i move, while i read, while i run, while i see, while i speak, while i
    sort, while i set, while i just, while i grab, while i go, while i type, while i update, while i process, while i
    transfer, while it loads, while it saves, while it comes, while it does, while it thinks, while it runs, while it
    updates, while this loads, while that loads, while this goes, while that goes, while the system, while my
    computer, while my screen, while the computer, will not be a moment, will not be a second, will not be a minute,
    will not be a sec, will not be a tick, will not be long, not be a moment, will not be two, will not take a, will
    not take long, will not take me, be right with you, be with you in a, be right back, be straight back, back in a
    moment, back in a second, back in a minute, back in a sec, back in a tick, back in a mo, back in two, back in one,
    back with you in, back to you in a moment, right back, do not go away, do not go anywhere, do not hang up, do not
    disappear, talk among yourselves, just loading, still loading, is loading, it is thinking, just thinking about it,
    is taking its time, taking a while to load, taking a moment, taking a minute, taking a second, just waiting for
    it, just waiting for the, just waiting on, waiting for it to, waiting for my, waiting for the system, a little
    slow, go quiet, take a moment, take a minute, take a second, take a sec, take a few, take a couple, put you down
    a, put you down for a, put the phone down a, put the phone down for a, take your time, be a minute, be a moment,
    be a second, be one moment, be one second, be one minute, a minute or so, a moment or two, a little while to, just
    waiting, you on mute, on mute for, mute myself, mute you, here somewhere, i will wait, i can wait, i will hold,
    happy to wait, no rush, no hurry, whenever you are ready"""
_AGENT = """you on hold, your call on hold, the call on hold, this call on hold, you on a brief hold, you on a
    short hold, you on a quick hold, you on a hold, on a short hold, on a brief hold, on a quick hold, on hold for,
    on hold while, on hold a, on hold just, pop you on, please hold, hold please, hold the line, hold for me, hold
    for a, hold a moment, hold a second, hold a minute, can you hold, could you hold, would you hold, will you hold,
    mind holding, ok to hold, happy to hold, all right to hold, able to hold, if you could hold, if you can hold, if
    you hold, if you would hold, keep holding, transfer you, transferring you, put you through, putting you through,
    put you across, putting you across, put you over, putting you over, put you on to, put you back, pass you over,
    passing you over, pass you to, passing you to, pass you across, pass you through, patch you through, patching
    you, connect you, connecting you, get you over to, hand you over, handing you over, get my supervisor, get my
    manager, get my colleague, fetch my"""


_AGENT_MOMENT = """slow today, bit slow, being slow, running slow, slow this morning, slow this afternoon, system is
    slow, computer is slow, a little slow, having a think, catching up, thinking about it, just coming up, coming up
    now, screen is coming"""


def _named(kind: str, wordings: str) -> list[tuple[str, str]]:
    return [(kind, wording) for wording in wordings.replace("\n", " ").split(",")]


_ANNOUNCING = {
    Role.AGENT: Matcher(
        [*_named("moment", _EITHER), *_named("moment", _AGENT_MOMENT), *_named("hold", _AGENT)], exact=True
    ),
    Role.CUSTOMER: Matcher(_named("moment", _EITHER), exact=True),
}
_STARTING = Matcher(
    _named(
        "doing",
        "let me, let us, i will, i am going to, i am just, i am going, i have to, i need to, i have got to, "
        "just going, i want to, i would just like to, may i, can i just, could i just, we will just, "
        "i was just going to, do you mind if i, would you mind if i, mind if i, is it ok if i, is it all right if i",
    ),
    exact=True,
)
_DOING = frozenset(
    "check checking look looking see seeing find finding get getting grab grabbing fetch fetching pull pulling "
    "bring  bringing open opening load loading dig digging search searching run running pop popping log logging "
    "type typing ask  asking speak speaking process processing move moving update updating save saving refresh "
    "refreshing scan read  reading write writing count counting work do doing go going nose switch turn restart "
    "try trying verify locate  access consult review scroll enter entering calculate add flick hunt dash nip".split()
)
_TASKS = frozenset(
    "unplug plug press hold turn switch restart reboot reset open close click tap type enter go read look check count "
    "walk pop find fetch grab log scroll select remove insert push pull try test scan dial measure refresh disconnect "
    "reconnect unscrew lift".split()
)
"""What an agent asks a customer to do there and then."""
_ASKING = Matcher(
    _named(
        "ask", "can you, could you, would you, will you, if you could, if you can, you to, go ahead and, i want you to"
    ),
    exact=True,
)
_LEADS = frozenset("please now then just ok right so and first next go quickly try kindly".split())
_NO_TASK = frozenset("on ahead to not".split())
"""Words behind a task that make it none: "go on", "hold on to the receipt", "try not to worry"."""
_AFTER_WAIT = frozenset(
    "load open come process save update run think start go find look pull bring check get refresh boot".split()
)
"""What a system does, or an agent, that takes a minute now: "it takes a minute to load"; "to set up" is said of it."""
_LATER = frozenset(
    "some sometime until tomorrow later tonight afternoon week weeks day days monday tuesday wednesday thursday friday "
    "saturday sunday call calling ring ringing send sending noon soon hour hours month months".split()
)
"""Words of a promise: "I'll look into it and call you back" announces no pause."""
_RESUMING = frozenset("right ok so there here got found yes great perfect lovely now and but".split())
_NOT_AFTER = frozenset(("ago", "late", "early", "earlier", "of"))
_LONG = frozenset("day days week weeks hour hours month months working".split())
_NOW = frozenset(
    "checking looking searching loading finding getting grabbing fetching pulling bringing opening digging "
    "running  logging typing processing moving updating saving refreshing scanning waiting seeing popping".split()
)
_BEFORE_NOW = frozenset("right so ok and well oh now i am just still we are only yes yeah all it is".split())
_REACH = 5
"""Tokens from "let me" to what is done."""


def announcements(heard: Sequence[Token], role: Role) -> Iterator[tuple[Kind, int, int]]:
    """Where one side announces a pause: how, and the range of tokens. Denied ones ("I won't put you on hold") not."""
    for match in _ANNOUNCING[role].find(heard):
        if tells_of_one(heard, match.first):
            continue
        after = heard[match.last].text if match.last < len(heard) else ""
        to_a_thing = heard[match.first].text in ("hang", "hold") and after in ("to", "against") and match.length == 2
        past = any(token.text == "sorry" for token in heard[max(0, match.first - 5) : match.first])
        days = any(token.text in _LONG for token in heard[match.last : match.last + 3])
        to_do = heard[match.last - 1].text in ("rush", "hurry") and after in ("to", "with", "on", "about", "for")
        other = after in _NOT_AFTER and heard[match.last - 1].text not in ("couple", "few")
        if other or to_a_thing or days or to_do or _of_digits(heard, match) or denied(heard, match.first):
            continue
        if match.name == "moment":
            yield "moment", match.first, match.last
        elif not past:
            yield "hold", match.first, match.last
    for match in _STARTING.find(heard):
        last = _sentence_end(heard, match.last)
        doing = any(token.text in _DOING for token in heard[match.last : min(last, match.last + _REACH)])
        if doing and not _LATER & {token.text for token in heard[match.first : last]}:
            yield "doing", match.first, last
    yield from _at_it(heard)
    if role is Role.AGENT:
        yield from _tasks(heard)


def tells_of_one(heard: Sequence[Token], first: int = 0) -> bool:
    """Whether words like those of an announcement tell of a pause or a while, from a place on, and announce none.

    "You were on hold earlier", "did they put you on hold?", "one moment it works and the next it doesn't", "it only
    takes a minute to set up", "hold on to the receipt".
    """
    before = {token.text for token in heard[max(0, first - 4) : first + 2]}
    texts = [token.text for token in heard[first : first + 12]]
    held = any(token.text == "hold" for token in heard[first : first + 4])
    if held and not before.isdisjoint(("were", "been", "did", "they")):
        return True
    pairs = [*pairwise(texts)]
    if texts[:1] == ["1"] and ("the", "next") in pairs:
        return True
    kept = any(texts[at] in ("hold", "hang") and texts[at + 1 : at + 3] == ["on", "to"] for at in range(len(texts)))
    return kept or any(
        one == "takes" and other == "a" and texts[at + 3 : at + 4] == ["to"] and texts[at + 4] not in _AFTER_WAIT
        for at, (one, other) in enumerate(pairs[: len(texts) - 4])
    )


def _tasks(heard: Sequence[Token]) -> Iterator[tuple[Kind, int, int]]:
    """Where the agent asks the customer to do something now: "hold the power key", "could you read the meter?"."""
    asked = {match.last for match in _ASKING.find(heard)}
    for first in range(len(heard)):
        if first and not heard[first - 1].end and first not in asked:
            continue
        at = first
        while at < min(len(heard) - 1, first + _REACH) and heard[at].text in _LEADS and not _is_task(heard, at):
            at += 1
        last = _sentence_end(heard, at)
        if _is_task(heard, at) and _LATER.isdisjoint(token.text for token in heard[first:last]):
            yield "doing", first, last


def _is_task(heard: Sequence[Token], at: int) -> bool:
    """Whether a task stands at a place: its verb, or "have a look"."""
    texts = [token.text for token in heard[at : at + 3]]
    if texts in (["have", "a", "look"], ["take", "a", "look"]):
        return True
    return len(texts) > 1 and not heard[at].end and texts[0] in _TASKS and texts[1] not in _NO_TASK


def _of_digits(heard: Sequence[Token], match: Match) -> bool:
    """Whether the words are digits of a longer number: "one second" is normalised as the "one two" of "one two oh"."""
    ends = heard[match.first - 1 : match.first], heard[match.last : match.last + 1]
    beside = any(token.text.isdigit() for around in ends for token in around)
    return beside and all(token.text.isdigit() for token in heard[match.first : match.last])


def _at_it(heard: Sequence[Token]) -> Iterator[tuple[Kind, int, int]]:
    """Where somebody says what they are doing now: "just bringing that up". "I'm looking to cancel" is none."""
    first = 0
    while first < len(heard):
        last = _sentence_end(heard, first)
        at = first
        while at < last and heard[at].text in _BEFORE_NOW:
            at += 1
        following = [token.text for token in heard[at + 1 : at + 3]]
        aim = following[:1] in (["to"], ["forward"]) or following in (["for", "a"], ["for", "some"], ["for", "an"])
        if at < last and heard[at].text in _NOW and not aim:
            yield "doing", first, last
        first = last


def resumes(heard: Sequence[Token]) -> bool:
    """Whether words behind an announcement take the talk up again: "right, here it is"."""
    return len(heard) > 3 and heard[0].text in _RESUMING


def _sentence_end(heard: Sequence[Token], place: int) -> int:
    """Where the sentence around a place ends, at most fifteen tokens on."""
    for last in range(place, min(len(heard), place + 15)):
        if heard[last].end in (".", "?"):
            return last + 1
    return min(len(heard), place + 15)
