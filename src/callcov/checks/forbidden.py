"""What nobody may say to a customer, whatever the policy, known by plain words: threats, insults, guarantees, pressure.

A form is one wording that says it all ("I can guarantee", "today or not at all"), or several kinds of words that say it
together in one sentence: somebody else's decision and certainty ("your loan will surely be sanctioned"), an illness
that stays and its end ("your diabetes will be gone"), a deadline and what is lost ("say yes today or I can't help
you"), a name nobody wants to be called and a sign that the customer is meant ("scroungers like you"). A few kinds are
also heard in the sentence before ("Nice business you've got. Pity if the reviews turned bad.").
Denied and quoted is not said, nor what every agent may promise: a call back, a price, a delivery. What is asked, hoped,
likely or left open by an "if" guarantees nothing and presses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.text.guards import denied, quoted
from callcov.text.normalise import Token
from callcov.text.phrases import DENIALS, Match, Matcher


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(forms: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, wording.strip()) for name, wordings in forms.items() for wording in wordings.split(","))


_ALONE = Matcher(
    _phrases(
        {
            "guarantee": """i guarantee you, i guarantee that, i guarantee it, i can guarantee, i will guarantee,
                i personally guarantee, we guarantee you, we guarantee that, we can guarantee, you are guaranteed,
                i promise you will, i can promise you, it is guaranteed, guaranteed approval, completely risk free,
                as good as approved, as good as accepted, no way you do not get, no way you will not get,
                no way you will not be approved, no way they will not approve""",
            "insult": """you are an idiot, you are a moron, you are an imbecile, you are so stupid,
                you are such an idiot, are you stupid, are you an idiot, how stupid are you, how dumb are you,
                half a brain, shut up""",
            "threat": """have you arrested, you will be arrested, i know where you live, we know where you live,
                you will regret it, you will regret this, tell your employer, call your employer, tell your boss""",
            "pressure": """today or not at all, now or not at all, tonight or not at all, today or never""",
        }
    ),
    exact=True,
)
"""Wordings that are one of a category by themselves."""
_WITHIN_REACH = _words(
    "call calls ring phone email text touch sorted sort back price prices delivery response reply appointment warranty "
    "callback"
)
"""What an agent or a company can promise of itself: to call back, to sort it, a price, a delivery."""
_NOT_OURS = _words("approved approval accepted win profit return returns money results risk cure lose")
_CHECKING = _words("verify confirm check")
_OURS = _words("we i they nobody one")
_CLAUSE = 14
"""Words behind a wording that tell what is promised or threatened."""

_NAMES = _words(
    "scrounger freeloader sponger layabout timewaster muppet wally numpty pillock plonker dimwit halfwit cretin "
    "deadbeat clown loser idiot moron imbecile donkey simpleton"
)
"""What nobody wants to be called, beside a "time waster"."""
_KINDS = Matcher(
    _phrases(
        {
            "surely": """surely, definitely, certainly, for certain, 0 0 percent, no question, no doubt, for sure,
                whatever your""",
            "always": """like clockwork, rain or shine, come what may, no matter what, without fail""",
            "theirs": """be approved, get approved, gets approved, be sanctioned, get sanctioned, gets sanctioned, be
                accepted, get accepted, visa will come, visa will be granted, visa is coming, win your case, mortgage
                will go through, loan will go through, visa will go through""",
            "yields": """percent every, percent a month, percent a year, percent a week, percent per, money doubles,
                money will double, money triples, money will triple, make a profit""",
            "illness": """diabetes, psoriasis, eczema, arthritis, asthma, cancer, tinnitus, epilepsy, dementia,
                hypertension, high blood pressure, your sugar, depression, sciatica""",
            "ends": """will be gone, will be totally gone, will be completely gone, disappear in, disappear within,
                disappear for good, gets rid of, will get rid of, gone for good, will be cured""",
            "now": """say yes today, say yes now, sign today, sign now, decide now, decide today, commit now, pay now,
                pay today, buy now, book now, right now, this minute, has to be today, has to be now, has to be tonight,
                must be today, must be now""",
            "else": """or i can not help, or we can not help, or i am closing your, or we are closing your, or i will
                close your, or we will close your, afterwards i am closing, after that i am closing, tomorrow i can not
                help, tomorrow we can not help, after today i can not help, after this call i can not help""",
            "countdown": "seconds before, seconds to decide, minute to decide, minutes to decide, counting to",
            "lost": """takes it back, goes to somebody else, goes to someone else, goes to the next person, goes to the
                next customer, goes to the next caller, it is gone, offer is gone, price is gone""",
            "closes": ",".join(
                f"{what} is {verb} in"
                for what in ("discount", "offer", "deal", "price")
                for verb in ("finishing", "ending", "expiring", "closing", "running out")
            ),
            "soon": "minutes, minutes only, seconds, minute",
            "hurried": "no time to read, no time for reading, no time for thinking, no time to ask, no time to talk",
            "yes": "say yes, just sign, sign it, do it now, do it right now",
            "yours": ",".join(
                f"{what} you have got" for what in ("business", "house", "family", "home", "place", "shop")
            ),
            "shame": "be a shame if, be such a shame if, be a pity if, pity if, shame if",
            "something": ",".join(
                f"{what} {verb}"
                for what in ("anything", "something")
                for verb in ("happened", "happens", "were to happen", "was to happen", "should happen", "bad happened")
            ),
            "aimed": """do not be a, do not be an, do not be such, stop being, quit being, you sound like, you look
                like, you are acting like, you act like, you are such, you are a, you are an, you are nothing but, you
                bloody, you little, you lazy, you total, you complete, like all the other""",
            "like you": "like you, like yourself, who ring, who call, who phone, that ring, that call",
            "name": ",".join(["time waster", "time wasters", "wallies", *(f"{one}, {one}s" for one in sorted(_NAMES))]),
        }
    ),
    exact=True,
    spelled=True,
)
"""Kinds of words that say something together, as `_TOGETHER` tells."""
_OPEN = _words("should may might could hope hopefully likely probably perhaps maybe think expect try usually normally")
_UNSETTLED = _OPEN | _words("if whether once unless when")
_COVERED = _words("cover covered covers insured insurance protect protected protection warranty backup")
_SERVICE = _words("code page session link password screen log type enter tape")


@dataclass(frozen=True, slots=True)
class _Form:
    """A sentence with words of all kinds in `needs` is of the category, unless it or those beside it have an `unless`.

    Kinds in `before` may stand in the sentence before.
    """

    category: str
    needs: frozenset[str]
    unless: frozenset[str]
    before: frozenset[str] = frozenset()


def _form(category: str, needs: str, unless: frozenset[str] = frozenset(), before: str = "") -> _Form:
    return _Form(category, _words(needs), unless, _words(before))


_TOGETHER = (
    _form("guarantee", "surely theirs", _UNSETTLED),
    _form("guarantee", "always yields", _UNSETTLED | _words("charge fee interest cost owe")),
    _form("guarantee", "illness ends", _OPEN | _words("can help helps")),
    _form("pressure", "now else", before="now"),
    _form("pressure", "countdown lost", _SERVICE),
    _form("pressure", "closes soon"),
    _form("pressure", "hurried yes"),
    _form("threat", "shame something", _COVERED),
    _form("threat", "yours shame", _COVERED, before="yours"),
)
_BLAMING = frozenset(("threat", "insult"))
"""Categories that a question can be, too."""
_LONGEST = 25
"""Tokens of a sentence that is looked at; a recogniser that writes no full stop must still be cut somewhere."""
_NEAR = 2
"""Tokens between a sign that the customer is meant and the name they are called."""
_CURT = 4
"""Tokens of a sentence that is a name and nothing else: "another time waster"."""


def forbidden(heard: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    """The categories said in so many words, each with the range of tokens that says it; none for no tokens."""
    for match in _ALONE.find(heard):
        if said_so(heard, match) and not _everyday(heard, match):
            yield match.name, match.first, match.last
    before: Sequence[Match] = ()
    marks = _KINDS.find(heard)
    at = 0
    for first, last in _runs(heard) if marks else ():
        here: list[Match] = []
        while at < len(marks) and marks[at].first < last:
            here.append(marks[at])
            at += 1
        yield from _together(heard, first, last, here, before)
        yield from _called(heard, first, last, here)
        before = here


def said_so(heard: Sequence[Token], match: Match) -> bool:
    """Whether words that were found are neither denied nor quoted."""
    return not _denied(heard, match) and not quoted(heard, match.first)


def _denied(heard: Sequence[Token], match: Match) -> bool:
    """Whether a denial turns words round that do not begin with one themselves."""
    return heard[match.first].text not in DENIALS and denied(heard, match.first)


def _runs(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The sentences as ranges, long ones cut."""
    first = 0
    for last, token in enumerate(heard, start=1):
        if token.end in (".", "?") or last == len(heard) or last - first >= _LONGEST:
            yield first, last
            first = last


def _together(
    heard: Sequence[Token], first: int, last: int, here: Sequence[Match], before: Sequence[Match]
) -> Iterator[tuple[str, int, int]]:
    """The categories of which a sentence has all kinds of words."""
    kinds = {one.name for one in here}
    earlier = {one.name for one in before}
    for form in _TOGETHER:
        if form.needs.isdisjoint(kinds) or not form.needs <= kinds | (earlier & form.before):
            continue
        around = heard[max(0, first - _LONGEST) : last + _LONGEST] if form.category == "threat" else heard[first:last]
        asks = heard[last - 1].end == "?" and form.category not in _BLAMING
        if asks or not form.unless.isdisjoint(token.text for token in around):
            continue
        marks = [one for one in here if one.name in form.needs]
        if not any(_denied(heard, one) for one in marks) and not quoted(heard, marks[0].first):
            yield form.category, first, last


def _called(heard: Sequence[Token], first: int, last: int, here: Sequence[Match]) -> Iterator[tuple[str, int, int]]:
    """Where the customer is called a name: "don't be such a muppet", "scroungers like you", "another time waster"."""
    for name in (one for one in here if one.name == "name"):
        aims = (one for one in here if one.name == "aimed" and 0 <= name.first - one.last <= _NEAR)
        sign = next(aims, None) or next(
            (one for one in here if one.name == "like you" and one.first == name.last), None
        )
        curt = name.last == last and last - first <= _CURT and heard[name.first - 1].text in ("another", "bloody")
        if (sign and said_so(heard, min(sign, name, key=lambda one: one.first))) or (name.first > first and curt):
            low = min(name.first, sign.first) if sign else first
            yield "insult", low, max(name.last, sign.last) if sign else last


def _everyday(heard: Sequence[Token], match: Match) -> bool:
    """Whether it is what every agent says: "I promise you I'll call back", "did you tell your employer?"."""
    first, last = match.first, match.last
    end = next((at for at in range(last, min(len(heard), last + _CLAUSE)) if heard[at - 1].end in (".", "?")), None)
    after = {token.text for token in heard[last : end or last + _CLAUSE]}
    before = [token.text for token in heard[max(0, first - 4) : first]]
    match match.name:
        case "guarantee":
            return not _WITHIN_REACH.isdisjoint(after) and _NOT_OURS.isdisjoint(after)
        case "threat":
            yours = heard[first].text in ("tell", "call") and "you" in before and _OURS.isdisjoint(before)
            return yours or bool(_CHECKING & after)
        case _:
            return heard[last - 1].text == "up" and "shop" in after
