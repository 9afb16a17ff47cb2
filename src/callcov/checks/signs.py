"""Words by which a call shows that it was hard for the customer: said it all before, waited, not helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from callcov.checks.reading import Reading
from callcov.model import Role
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import Match, Matcher

_CUSTOMER = {
    "told": """already told, told you already, told them already, told the other, told the last, told the machine,
        told the first, told your colleague, told your machine, just told, only just told, already said, already gave,
        already given, given it to, gave it to, gave that to, gave all that, given all that, already explained,
        explained it to, explained all, explained this to, explain it again, explain all, explain this again, explain
        it all, go through all, go through it all, go through this again, go through that again, been through all,
        been through this, been through that, been through it all, say it all again, say all that again, all over
        again, from the beginning again, from the start again, from the top again, repeat myself, repeating myself,
        repeat all, repeat it all, keep telling, keep saying, keep repeating, keep explaining, read that out to, read
        it out to, read that thing out, i have told you, i told you that, told you this, told you twice, asked me
        that, asked that already, answered that already, answered all, went through this, went through all, all that
        already, in twice, do i have to say, do i have to tell, do i have to explain, do i have to repeat, do i have to
        spell, have to say it again, have to explain again, times have i said, times have i told, times do i need to""",
    "unsolved": """does not help, no help at all, no help to, no good to me, no use to me, waste of time, waste of my
        time, forget it, never mind then, go elsewhere, somewhere else, take my business, take my custom, write to the
        company, write to your, a lawyer, my lawyer, solicitor, ombudsman, trading standards, off your list, not
        interested, ring again tomorrow, call again tomorrow, have to ring again, have to call again, have to call
        back, is that it, so nothing, nobody can help, no one can help, not good enough, do not ring, do not call,
        never calling, never ringing""",
    "feels": """feel dreadful, feel terrible, feel awful, feel horrible, feel so stupid, feel sick, i am shaking,
        scared, frightened, terrified, worried sick, so worried, really worried, very worried, in tears, crying, wits
        end, panicking, in a panic, desperate, heartbroken, can not cope, dreading, beside myself,
        distraught, devastated, at the end of my tether, do not know what to do, do not know where to turn, can not
        sleep, not sleeping""",
    "settled": """working again, working now, works now, is working fine, is fine with me, that works, suits me, monday
        is fine, tuesday is fine, wednesday is fine, thursday is fine, friday is fine, saturday is fine,
        sunday is fine, got it now, here it is""",
    "grave": """died, passed away, funeral, bereaved, bereavement, had him put down, had her put down, have him put
        down, have her put down, had to be put down, was put down, were put down, put to sleep, stillborn,
        miscarriage, miscarried, lost the baby, lost our baby, lost my husband, lost my wife, lost my mother,
        lost my mum, lost my father, lost my dad, lost my son, lost my daughter, lost our son, lost our
        daughter, has cancer, have cancer, got cancer, had cancer, on chemo, having chemo, chemotherapy,
        terminally ill, palliative, hospice, intensive care, life support, heart attack, had a
        stroke, in a crash, in the crash, car crash, car accident, in an accident, had an accident, was
        killed, been killed, were killed, lost my job, lost his job, lost her job, made redundant, been laid
        off, got laid off, was laid off, laid me off, burned down, burnt down,
        is cancer, the cancer, diagnosed with, has dementia, got dementia, does not know us, lost my brother, lost my
        sister, lost my partner, lost our home, lost everything""",
    "complains": """ridiculous, disgrace, disgraceful, disgusting, unacceptable, not acceptable, not good enough, fed
        up, sick of, sick and tired, the worst, useless, hopeless, appalling, outrageous, pathetic, a joke, joking,
        shambles, farce, unbelievable, can not believe, for heaven sake, for goodness sake, for god sake, for pity
        sake, crying out loud, let me down, let down, waste of my time, make a complaint, file a complaint, complain
        about, a complaint, speak to a manager, speak to your manager, speak to a supervisor, your supervisor, your
        manager, furious, livid, angry, annoyed, annoying, frustrated, frustrating, upset, unhappy, not happy, not
        impressed, disappointed, disappointing, nobody told me, no one told me, nobody listens, nobody has been,
        nobody has come, rip off, ripped off, robbery, overcharged, charged twice, double charged, you charged me,
        wrong again, let me finish, i was talking, middle of a sentence, do not interrupt, how dare, so rude, being
        rude, are you serious, did you just say, palming me off, fobbing me off, passing me back, took money, taken
        money, nobody cares, what a mess, be legal, that legal, even legal, threatening me, scare me, scaring me,
        bullying, harassing, harassment""",
}
_AGENT = {
    "settled": """that is booked, booked you, you are booked, all booked, booked in for, booked it, booked, that is
        done, all done, all sorted, that is sorted, that is paid, all set, gone through, is ready for you, it
        is ready, ready to collect, ready for collection, you can collect it, on its way, done for you, done
        that for you""",
    "unsolved": """still in the queue, dealt with in turn, dealt with in order, in due course, you will have to wait,
        you will just have to wait, you have to wait your, it is what it is, that is just how it is, nothing we
        can do, nothing i can do, nothing more i can, not a lot i can do, not much i can do, can not do
        anything, can not help you, not able to help, unable to help, out of my hands, not up to me, i could
        not tell you, can not tell you when, there is no date, do not know when, no idea when, welcome to call
        back, try your luck, try again later, call back later, call back tomorrow, ring back tomorrow, have to
        call back, we do not do that, nobody available, no one available, not in today, nobody in today, no
        manager""",
}
_MATCHERS = {
    role: Matcher(
        ((sign, wording) for sign, wordings in signs.items() for wording in wordings.split(",")),
        exact=True,
        spelled=True,
    )
    for role, signs in ((Role.CUSTOMER, _CUSTOMER), (Role.AGENT, _AGENT))
}
_LONG_TIMES = frozenset("minutes hour hours ages forever".split())
_QUEUEING = frozenset(
    "queue queueing queuing hold waiting waited listening music answer answered pipes wait pick picked hanging "
    "person human".split()
)


class Sign(NamedTuple):
    """One sign in `segments[place].words[first:last]`."""

    place: int
    first: int
    last: int
    name: str


def signs(transcript: Reading, role: Role) -> list[Sign]:
    """The signs in one side's words, in order; denied ones ("you won't need to be transferred") are none.

    Names: told (said it before), waited, settled (agreed, done or working), unsolved, complains, feels (afraid, sad, at
    a loss), grave (a death, an illness, an accident, a job lost). The agent's words show settled and unsolved alone.
    Empty for a side that says nothing.
    """
    found: list[Sign] = []
    for place, segment in transcript.spoken_by(role):
        heard = transcript.tokens[place]
        found += (
            Sign(place, heard[match.first].word, heard[match.last - 1].word + 1, match.name)
            for match in _MATCHERS[role].find(heard)
            if (heard[match.first].text in _DENYING or not denied(heard, match.first))
            and _meant(heard, match)
            and not (match.name == "feels" and segment.sentiment > _RELIEVED)
        )
        if role is Role.CUSTOMER:
            found += (Sign(place, first, last, "waited") for first, last in _waited(heard))
    return found


_THINGS = frozenset(
    "it phone mobile battery line connection engine car van laptop computer screen router boiler tv machine plant "
    "signal server internet system fridge freezer printer watch".split()
)
_RELIEVED = 0.4
"""The sentiment above which fear is over: "that's a relief, I was dreading this call"."""
_DENYING = frozenset("not no nobody nothing never".split())


def _meant(heard: Sequence[Token], match: Match) -> bool:
    """Whether words that also mean something else are a sign here: a thing dies, too, and a day is "fully booked"."""
    if match.name == "settled" and match.length == 1:
        alone = match.first == 0 or heard[match.first - 1].end in (".", "?")
        return alone and heard[match.first].end == "."
    if match.name != "grave":
        return True
    things = any(token.text in _THINGS for token in heard[max(0, match.first - 4) : match.first])
    mark = next((token.end for token in heard[match.last - 1 : match.last + 14] if token.end in (".", "?")), "")
    return not things and mark != "?"  # "does it cover cancer?" tells of nobody's


def _waited(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where a customer says that they waited for minutes: "forty minutes I've been in the queue"."""
    for at, token in enumerate(heard):
        if token.text in _LONG_TIMES:
            near = heard[max(0, at - 10) : at + 9]
            long = token.text != "minutes" or (at > 0 and is_number(heard[at - 1].text))
            past = any(one.text in ("been", "was", "waited", "had", "took", "after", "spent") for one in near)
            if long and past and any(one.text in _QUEUEING for one in near):
                yield heard[max(0, at - 2)].word, token.word + 1
