"""Earlier contacts: where somebody says that the customer was in touch about this before, and whether often.

The contact is theirs and with the company: a call to somebody else ("I rang my sister", "I called my bank"), one by
somebody else ("the driver rang"), a bell that is rung and what is denied are none. "The third time" and "five times"
need words of a contact in their sentence, or beside it where the sentence is short; "the second time" alone tells of a
matter that came back, unless it is a pleasure ("my second time buying from you"). A contact may be told by its day ("I
spoke to a lady last week"), by how often ("from the last four calls") or by what came of it ("the fourth engineer").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from callcov.checks.reading import Reading
from callcov.checks.telling import sentence_around
from callcov.model import Role
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.phrases import Match, Matcher


def _each(firsts: str, lasts: str) -> str:
    """Every wording of one of the first words with one of the last."""
    return ",".join(f"{first} {last.strip()}" for first in firsts.split() for last in lasts.split(","))


_ANEW = "go at getting, go at sorting, attempt at getting, attempt to get, attempt to sort, try at getting"
_CUSTOMER = {
    "before": """calling again, ringing again, phoning again, rang again, called again, phoned again, to call again,
        to ring again, to phone again, to call back again, having to call, having to ring, having to chase,
        called before, rang before, phoned before, rung before, called already, rang already, phoned
        already, rung already, already called, already rang, already rung, already phoned, already spoken
        to, already spoke to, already emailed, already written, already contacted, already been in touch,
        already complained, already reported, been in touch before, last time i called, last time i rang,
        last time i phoned, last time i spoke, when i called last, when i rang last, when i last called,
        when i last rang, the last person, last lady, last guy, last chap, last man, last girl, last woman,
        last agent, last adviser, last advisor, last bloke, last fella, last one told, last one said, the
        other lady, other chap, other guy, some lad, some bloke, some chap, some woman, some girl, somebody
        told me, someone told me, your colleague said, your colleague told, your colleagues told, your
        colleagues said, one of your colleagues, one of your people, one of your lot, one of your agents,
        colleague of yours, lady i spoke to, person i spoke to, man i spoke to, guy i spoke to, girl i spoke
        to, one i spoke to, girl i talked to, lady i talked to, told somebody would, told someone would, was
        told you would, was told it would, was told i would, was told that it, i was promised, you promised,
        promised a call, nobody called me, nobody rang me, no one called me, no one rang me, nobody called
        back, nobody rang back, no one called back, no one rang back, never called me back, never rang me
        back, never called back, never rang back, got back to me, nobody got back, no one got back, still
        have not heard, not heard anything, not heard a thing, chasing this, chasing it, chasing up, i am
        chasing, been chasing, i emailed you, have emailed you, i wrote to you, sent you an email, first
        reported, reported it, reported this, got cut off, i got cut off, is me again, only me again, just
        me again, had this conversation, have this conversation again, same conversation, my last call, my
        previous call, on the last call, was on to you, been on to you, was onto you, been onto you, was on
        to ye, been on to ye, were on to you, was on the phone to you, was on the phone with you, same fault
        as, same problem as, same issue as, same fault again, same problem again, same issue again""",
    "often": """third time, fourth time, fifth time, sixth time, tenth time, three times, four times, five times,
        six times, ten times, a dozen times, called twice, rang twice, rung twice, phoned twice, spoken
        twice, twice already, twice now, twice about, both times, each time i, every time i call, every time
        i ring, every time i phone, every time i speak, keep calling, keep ringing, keep phoning, keep
        having to, several times, many times, multiple times, countless times, numerous times, umpteenth,
        hundredth time, so many times, time after time, again and again, over and over, two of your people,
        three of your, two other people, three other people, two other ones, two of your colleagues, two of
        them already, two different people, three different people, four different people, everyone i speak
        to, everybody i speak to, third call, fourth call, fifth call, every day, every week""",
    "many": _each(
        "third fourth fifth sixth",
        "engineer, technician, plumber, electrician, mechanic, repairman, visit, replacement",
    )
    + ","
    + _each("two three four five six few several", "calls i, calls about, phone calls")
    + ",last two calls, last three calls, last four calls, last five calls, last few calls,"
    + _each("third fourth fifth sixth", _ANEW),
    "once": _each("second", "time, " + _ANEW),
}
_AGENT = {
    "before": """you have had to chase, you had to chase, you have to chase, chase us, chased us, chasing us, nobody
        got back to, no one got back to, nobody called you back, nobody rang you back, no one called you
        back, no one rang you back, never called you back, never rang you back, never got back to, you had
        to call again, you had to ring again, you have had to call again, you have had to ring again, you
        have called before, you have rung before, you have already called, you have already rung, you called
        already, you rang already, you called yesterday, you rang yesterday, you called last, you rang last,
        when you called, when you rang""",
    "often": """called twice, rung twice, rang twice, phoned twice, call twice, ring twice, called three times, rung
        three times, rang three times, third time you have called, third time you have rung, third time you
        have had""",
}
_MATCHERS = {
    role: Matcher(
        ((kind, one) for kind, wordings in kinds.items() for one in wordings.split(",")), exact=True, spelled=True
    )
    for role, kinds in ((Role.CUSTOMER, _CUSTOMER), (Role.AGENT, _AGENT))
}
_SPOKE = frozenset("rang called phoned spoke emailed texted messaged wrote contacted complained reported".split())
_VERBS = _SPOKE | frozenset("call calling ring ringing rung phone phoning spoken speak contact written email".split())
_CONTACT = _VERBS | frozenset(
    "calls told asked explained through said touch back conversation chasing chased tell promised".split()
)
_ONLY_BEHIND = {
    "back": frozenset("been went gone came".split()),
    **dict.fromkeys(("phone", "ring"), frozenset("i we to".split())),
}
"""Words that are a contact only behind others: "I've been back to the shop", "every time I phone"."""
_FAMILY = frozenset("wife husband partner mum mother mam dad father daughter son".split())
_SUBJECTS = frozenset("i we he she they you it who somebody someone company everyone nobody".split())
_OWN = frozenset("i we".split())
_POSSESSIVE = frozenset("my his her their our".split())
_OTHERS = frozenset("them him police ambulance people everyone friends mum mam dad".split())
_YOURS = frozenset("account manager adviser advisor agent contact rep local branch provider".split())
"""What is the company's though the customer calls it theirs: "my account manager"."""
_BELLS = frozenset("bell doorbell door".split())
_TOWARDS = frozenset("to with up back".split())
_TROUBLE = frozenset(
    "calling ringing phoning speaking asking explaining telling having trying reporting complaining waiting chasing "
    "emailing writing contacting going coming saying dealing being getting".split()
)
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_PAST = frozenset("yesterday ago earlier".split())
_TIMES = {
    "last": _DAYS | _MONTHS | {"week", "month", "night", "year", "time"},
    "on": _DAYS,
    "this": frozenset(("morning", "afternoon")),
    "other": frozenset(("day", "week", "night")),
    "in": _MONTHS,
    "again": _DAYS,
}
_WITHIN = 9
"""Tokens from a contact to its day."""
_SHORT = 5
"""Tokens of a sentence that is too short to tell of what it counts."""
_REACH = 20
"""Tokens of a sentence to either side that are looked at: recognisers leave full stops out."""
_DENYING = frozenset("not no nobody nothing never".split())


_Name = Literal["often", "day", "before"]


class Contact(NamedTuple):
    """An earlier contact in `segments[place].words[first:last]`: more than one, one told by its day, or one before."""

    place: int
    first: int
    last: int
    name: _Name


def contacts(transcript: Reading, role: Role) -> Iterator[Contact]:
    """The earlier contacts in one side's words; of the agent's none that is asked. Nobody speaks: none."""
    for place, _ in transcript.spoken_by(role):
        heard = transcript.tokens[place]
        found = [*_worded(heard, role), *(_dated(heard) if role is Role.CUSTOMER else ())]
        for first, last, name in found:
            yield Contact(place, heard[first].word, heard[last - 1].word + 1, name)


def is_theirs(heard: Sequence[Token]) -> bool:
    """Whether words that are understood as an earlier contact can be the customer's: no other is named in them."""
    verbs = [at for at, token in enumerate(heard) if token.text in _VERBS]
    if any(denied(heard, at) for at in verbs) or _first_time(heard):
        return False
    return not verbs or any(_with_you(heard, at) and _by_them(heard, at) for at in verbs)


def _first_time(heard: Sequence[Token]) -> bool:
    """Whether it is the first time; "first" is normalised as a number."""
    return any((one.text, other.text) == ("1", "time") for one, other in pairwise(heard))


def _worded(heard: Sequence[Token], role: Role) -> Iterator[tuple[int, int, _Name]]:
    """The contacts that are told by their wording."""
    for match in _MATCHERS[role].find(heard):
        first, last = match.first, match.last
        if (heard[first].text not in _DENYING and denied(heard, first)) or _elsewhere(heard, last):
            continue
        if role is Role.AGENT:
            if not _asked(heard, last):
                yield first, last, "often" if match.name == "often" else "before"
        elif match.name in ("before", "many"):
            yield first, last, "often" if match.name == "many" else "before"
        elif name := _counted(heard, match):
            yield first, last, name


def _counted(heard: Sequence[Token], match: Match) -> _Name | None:
    """Whether "the third time" is that of many contacts, or of a matter that came back; None for neither."""
    after = heard[match.last].text if match.last < len(heard) else ""
    if after == "lucky" or (after.endswith("ing") and after not in _TROUBLE):
        return None
    begins, ends = sentence_around(heard, match.first, match.last, _REACH)
    if ends - begins <= _SHORT:  # "Three times." tells of the sentence beside it
        begins, ends = max(0, begins - _REACH // 2), min(len(heard), ends + _REACH // 2)
    near = [at for at in range(begins, ends) if _is_contact(heard, at)]
    if any(_with_you(heard, at) for at in near):
        return "often" if match.name == "often" else "before"
    return None if near or heard[match.last - 1].text != "time" else "before"


def _is_contact(heard: Sequence[Token], at: int) -> bool:
    """Whether a word may be one of a contact; "back" only of a visit, "phone" only as a verb."""
    text, before = heard[at].text, heard[at - 1].text if at else ""
    return text in _CONTACT and before in _ONLY_BEHIND.get(text, (before,))


def _dated(heard: Sequence[Token]) -> Iterator[tuple[int, int, _Name]]:
    """The contacts that are told by their day: "I rang you on Monday", "I did ring two weeks ago"."""
    told = 0
    for at, token in enumerate(heard):
        if at < told:  # "I spoke to a girl called Beth last week" is told of one
            continue
        past = token.text in _SPOKE or (token.text in _VERBS and at > 0 and heard[at - 1].text in ("did", "have"))
        if not past or not _with_you(heard, at) or not _by_them(heard, at) or denied(heard, at):
            continue
        _, ends = sentence_around(heard, at, at + 1, _REACH)
        days = [(on, upto) for on in range(at + 1, min(ends, at + 1 + 2 * _WITHIN)) if (upto := _day(heard, on))]
        if days and days[0][0] <= at + _WITHIN:
            again = next((upto for on, upto in days if "again" in (heard[on].text, heard[on - 1].text)), 0)
            told = again or days[0][1]
            yield at, told, "often" if again else "day"


def _day(heard: Sequence[Token], at: int) -> int:
    """Where a past day that begins at a place ends; 0 if none does."""
    text = heard[at].text
    if text in _PAST:
        return at + 1
    after = heard[at + 1].text if at + 1 < len(heard) else ""
    return at + 2 if after in _TIMES.get(text, ()) else 0


def _with_you(heard: Sequence[Token], at: int) -> bool:
    """Whether a contact is one with the company, and neither with others nor with a bell."""
    if heard[at].text in ("rang", "rung", "ring") and any(token.text in _BELLS for token in heard[at + 1 : at + 7]):
        return False
    upto = at + 1
    while upto < len(heard) and heard[upto].text in _TOWARDS:
        upto += 1
    return not _elsewhere(heard, upto)


def _elsewhere(heard: Sequence[Token], at: int) -> bool:
    """Whether somebody of the customer's own comes next: "my sister", "them"; "my account manager" is the company's."""
    if at >= len(heard) or heard[at - 1].end in (".", "?"):
        return False
    after = heard[at + 1].text if at + 1 < len(heard) else ""
    return heard[at].text in _OTHERS or (heard[at].text in _POSSESSIVE and after not in _YOURS)


def _by_them(heard: Sequence[Token], at: int) -> bool:
    """Whether a contact is the customer's own, or their family's; one without a subject is."""
    begins, _ = sentence_around(heard, at, at + 1, _REACH)
    before = [token.text for token in heard[max(begins, at - 6) : at]]
    subject = next((one for one in reversed(before) if one in _SUBJECTS or one in _FAMILY), "")
    return (
        subject in _OWN
        or subject in _FAMILY
        or not before
        or (not subject and before[-1] in ("and", "also", "already"))
    )


def _asked(heard: Sequence[Token], place: int) -> bool:
    """Whether the sentence with the token before that place ends as a question."""
    return next((token.end for token in heard[place - 1 :] if token.end in (".", "?")), "") == "?"
