"""Words by which a call shows that it was hard for the customer: contacted before, passed on, waited, not helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from callcov.checks.reading import Reading
from callcov.model import Role
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import Matcher

_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_ON_A_DAY = ", ".join(
    f"{verb} {day}" for verb in ("rang on", "called on", "phoned on", "spoke on", "emailed on") for day in _DAYS
)
_KIN = """husband wife partner mum mom mother dad father son daughter brother sister nan gran grandmother grandad
    grandfather uncle aunt""".split()
_GRAVE = (
    ", ".join(f"lost my {one}, lost our {one}, {one} died, {one} has died, {one} has just died" for one in _KIN)
    + """, he died, she died, passed away, lost the baby, lost our baby, miscarriage, stillborn, had a stroke, had a
    heart attack, is cancer, has cancer, have cancer, got cancer, the cancer, on chemo, having chemo, chemotherapy, in a
    hospice, in the hospice, intensive care, life support, terminally ill, is terminal, diagnosed with, the funeral is,
    the funeral was, funeral on, funeral tomorrow, has dementia, got dementia, does not know us, have him put down,
    have her put down, had him put down, had her put down, dog was put down, cat was put down, put to sleep, made
    redundant, lost my job, lost our home, lost everything"""
)
_CUSTOMER = {
    "day": _ON_A_DAY
    + """, called yesterday, rang yesterday, phoned yesterday, spoke yesterday, called earlier, rang earlier,
    phoned earlier, called this morning, rang this morning, phoned this morning, called last week, rang last week,
    phoned last week, called you last, rang you last, called last month, rang last month""",
    "before": """me again, calling again, ringing again, phoning again, rang again, called again, phoned again, to
        call again, to ring again, to phone again, to call back again, having to call, having to ring, having to
        chase, called before, rang before, phoned before, rung before, called already, rang already, phoned already,
        rung already, already called, already rang, already rung, already phoned, already spoken to, already spoke to,
        already emailed, already written, already contacted, already been in touch, already complained, already
        reported, been in touch before, last time i called, last time i rang, last time i phoned, last time i spoke,
        when i called last, when i rang last, when i last called, when i last rang, the last person, last lady, last
        guy, last chap, last man, last girl, last woman, last agent, last adviser, last advisor, last bloke, last
        fella, last one told, last one said, the other lady, other chap, other guy, some lad, some bloke, some chap,
        some woman, some girl, somebody told me, someone told me, your colleague said, your colleague told, your
        colleagues told, your colleagues said, one of your colleagues, one of your people, one of your lot, one of
        your agents, colleague of yours, lady i spoke to, person i spoke to, man i spoke to, guy i spoke to, girl i
        spoke to, one i spoke to, girl i talked to, lady i talked to, told somebody would, told someone would, was
        told you would, was told it would, was told i would, was told that it, i was promised, you promised, promised
        a call, would call me back, would ring me back, nobody called me, nobody rang me, no one called me, no one
        rang me, nobody called back, nobody rang back, no one called back, no one rang back, never called me back,
        never rang me back, never called back, never rang back, got back to me, nobody got back, no one got back,
        still have not heard, not heard anything, not heard a thing, chasing this, chasing it, chasing up, i am
        chasing, been chasing, i emailed you, have emailed you, i wrote to you, sent you an email, first reported,
        reported it, reported this, second time, got cut off, i got cut off""",
    "often": """third time, fourth time, fifth time, sixth time, tenth time, three times, four times, five times, six
        times, ten times, a dozen times, called twice, rang twice, rung twice, phoned twice, spoken twice, twice
        already, twice now, twice about, both times, each time i, every time i call, every time i ring, every time i
        phone, every time i speak, keep calling, keep ringing, keep phoning, keep having to, several times, many
        times, multiple times, countless times, numerous times, umpteenth, hundredth time, so many times, how many
        times, time after time, again and again, over and over, two of your people, three of your, two other people,
        three other people, two other ones, two of your colleagues, two of them already, two different people, three
        different people, four different people, the other two, everyone i speak to, everybody i speak to, third call,
        fourth call, fifth call, every day, every week""",
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
        already, in twice""",
    "passed": """passed around, passed from, passed on to, pass me around, passing me, pillar to post, back and forth,
        been transferred, got transferred, was transferred, transferred me, transferring me, been put through, was put
        through, got put through, bounced around, bounced from, sent round, between departments, from one department,
        third person, fourth person, fifth person, different departments, palming me off, palmed off, fobbed off""",
    "unsolved": """does not help, no help at all, no help to, no good to me, no use to me, waste of time, waste of my
        time, forget it, never mind then, go elsewhere, somewhere else, take my business, take my custom, write to the
        company, write to your, a lawyer, my lawyer, solicitor, ombudsman, trading standards, off your list, not
        interested, ring again tomorrow, call again tomorrow, have to ring again, have to call again, have to call
        back, is that it, so nothing, nobody can help, no one can help, not good enough, do not ring, do not call,
        never calling, never ringing""",
    "feels": _GRAVE
    + """, feel dreadful, feel terrible, feel awful, feel horrible, feel so stupid, feel sick, i am shaking,
        scared, frightened, terrified, worried sick, so worried, really worried, very worried, in tears, crying, wits
        end, panicking, in a panic, desperate, heartbroken, can not cope, dreading, beside myself,
        distraught, devastated, at the end of my tether, do not know what to do, do not know where to turn, can not
        sleep, not sleeping""",
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
    "before": """you have had to chase, you had to chase, you have to chase, chase us, chased us, chasing us, nobody
        got back to, no one got back to, nobody called you back, nobody rang you back, no one called you back, no one
        rang you back, never called you back, never rang you back, never got back to, you had to call again, you had
        to ring again, you have had to call again, you have had to ring again, you have called before, you have rung
        before, you have already called, you have already rung, you called already, you rang already, you called
        yesterday, you rang yesterday, you called last, you rang last, when you called, when you rang""",
    "often": """called twice, rung twice, rang twice, phoned twice, call twice, ring twice, called three times, rung
        three times, rang three times, third time you have called, third time you have rung, third time you have
        had""",
    "passed": """put you through, putting you through, put you across, putting you across, put you over, put you on
        to, transfer you, transferring you, pass you over, pass you on, pass you to, passing you, patch you through,
        hand you over, connect you to, connect you with, another team, another department, different department,
        different team, separate team, separate department, other department, not our department, not this department,
        not my department, on this desk, you need to speak, you will need to speak, you would need to speak, you have
        to speak, you will have to speak, you would have to speak, you should speak to, you need to call, you will
        need to call, you would need to call, you have to call, you will have to call, you would have to call, you
        need to ring, you will need to ring, you would need to ring, you will have to ring, you would have to ring,
        you need to contact, you will need to contact, you would need to contact, you will have to contact""",
    "unsolved": """nothing we can do, nothing i can do, nothing more i can, not a lot i can do, not much i can do, can
        not do anything, can not help you, not able to help, unable to help, out of my hands, not up to me, i could
        not tell you, can not tell you when, there is no date, do not know when, no idea when, welcome to call back,
        try your luck, try again later, call back later, call back tomorrow, ring back tomorrow, have to call back, we
        do not do that, nobody available, no one available, not in today, nobody in today, no manager""",
}
_MATCHERS = {
    role: Matcher(
        ((sign, wording) for sign, wordings in signs.items() for wording in wordings.split(",")),
        exact=True,
        spelled=True,
    )
    for role, signs in ((Role.CUSTOMER, _CUSTOMER), (Role.AGENT, _AGENT))
}
_SPOKE = frozenset("rang called phoned spoke emailed".split())
_CONTACT = frozenset(
    "call called calling calls ring rang rung ringing phone phoned phoning spoke spoken speak told asked contact "
    "contacted emailed written explained through said people touch reported".split()
)
_LONG_TIMES = frozenset("minutes hour hours ages forever".split())
_QUEUEING = frozenset(
    "queue queueing queuing hold waiting waited listening music answer answered pipes wait pick picked".split()
)


class Sign(NamedTuple):
    """One sign in `segments[place].words[first:last]`."""

    place: int
    first: int
    last: int
    name: str


def signs(transcript: Reading, role: Role) -> list[Sign]:
    """The signs in one side's words, in order; denied ones ("you won't need to be transferred") are none.

    Names: day and before (contacted before), often (three times or more), told (said it before), waited, passed (on to
    others), unsolved, complains, feels (afraid, sad, at a loss; or a grave thing that befell them). The agent's words
    show before, often ("you've rung us twice already"; not what is asked), passed and unsolved alone.
    Empty for a side that says nothing.
    """
    found: list[Sign] = []
    for place, segment in transcript.spoken_by(role):
        heard = transcript.tokens[place]
        for match in _MATCHERS[role].find(heard):
            name = match.name
            if heard[match.first].text not in _DENYING and denied(heard, match.first):
                continue
            if name == "feels" and segment.sentiment > _RELIEVED:
                continue
            if role is Role.AGENT and name in _TOLD_BACK and _asked(heard, match.last):
                continue
            if name == "day" and heard[match.first].text not in _SPOKE:  # "a new phone on Sunday" was misheard for it
                continue
            if name == "often" and not _of_contact(heard, match.first, match.last):
                if heard[match.last - 1].text != "time":  # "I pressed it three times" is no contact
                    continue
                name = "before"
            found.append(Sign(place, heard[match.first].word, heard[match.last - 1].word + 1, name))
        if role is Role.CUSTOMER:
            found += (Sign(place, first, last, "waited") for first, last in _waited(heard))
    return found


_RELIEVED = 0.4
"""The sentiment above which fear is over: "that's a relief, I was dreading this call"."""
_TOLD_BACK = frozenset(("before", "often"))
_DENYING = frozenset("not no nobody nothing never".split())


def _asked(heard: Sequence[Token], place: int) -> bool:
    """Whether the sentence with the token before that place ends as a question."""
    return next((token.end for token in heard[place - 1 :] if token.end in (".", "?", "!")), "") == "?"


def _of_contact(heard: Sequence[Token], first: int, last: int) -> bool:
    """Whether "the third time" is that of a contact, and not of a fault."""
    return any(token.text in _CONTACT for token in heard[max(0, first - 10) : last + 8])


def _waited(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where a customer says that they waited for minutes: "forty minutes I've been in the queue"."""
    for at, token in enumerate(heard):
        if token.text in _LONG_TIMES:
            near = heard[max(0, at - 10) : at + 9]
            long = token.text != "minutes" or (at > 0 and is_number(heard[at - 1].text))
            past = any(one.text in ("been", "was", "waited", "had", "took", "after", "spent") for one in near)
            if long and past and any(one.text in _QUEUEING for one in near):
                yield heard[max(0, at - 2)].word, token.word + 1
