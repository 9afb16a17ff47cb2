"""What is meant as it is said: praise, a short glad answer, a plain wish. The reader takes some of it for irony. Pure.

After an answer with a "no" in it ("there's no charge for that") the reader hears irony in a "great" that has none, and
a complaint in praise of those who came to deliver. Words cannot prove irony either, so only what has no ground for any
is put right: nothing in the same segment tells of trouble, and what the other side said before is no bad news. A short
answer and praise of a service or a job, the usual words of irony, are left to the reader too when the same side has
complained or mocked before, and not praised before that.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcov.language.clauses import Clause
from callcov.language.phrases import hits, rule
from callcov.language.reading import Reading
from callcov.model import Segment
from callcov.text.normalise import texts

PRAISE, GLAD, PLAIN = 0.4, 0.2, 0.0
"""The least that praise, a short glad answer and a plain wish feel like, of -1..1."""
DOUBTED = frozenset("sarcasm complaint upset unsettled".split())
"""The acts that such a clause does not do."""
_GOOD = "brilliant|great|excellent|fantastic|amazing|wonderful|lovely|superb|outstanding|marvellous|fabulous|awesome"
_KIND = "kind|helpful|patient|friendly|nice|lovely|good|thoughtful|professional|polite|brilliant"
_PEOPLE = "driver|drivers|engineer|engineers|lad|lads|team|staff|people|men|guys|girls|ladies|girl|lady|man|chap|fella"
_PRAISE = rule(
    "praise",
    (
        "absolute|total|real star|stars|legend|legends|gem|gems|angel|angels|gentleman|lifesaver",
        "you are|have|were *2 star|legend|gem|angel|lifesaver",
        "made my *1 day|week|year",
        "out of this world",
        f"you|they|he|she|{_PEOPLE} *2 have|has|were|was|are|is so|really|very|ever|just|only|been? {_GOOD}|{_KIND}",
        f"you|they|he|she|guys|lot|all have|has been *2 {_GOOD}|{_KIND}",
        f"ever so|very {_KIND}",
        "so|really|very|always kind|helpful|patient|friendly|thoughtful to|with|on|and|about|$",
        f"a|such|some *2 lovely|nice|kind|great|brilliant|charming {_PEOPLE}|woman|fellow|gentleman|person|bloke",
        "could not *1 have? been|be|do|ask *1 happier|nicer|better|kinder|simpler|easier|enough|more|for",
        "can|could not fault",
        "never *1 had *2 better|nicer|kinder",
        "nobody|no *1 one *1 has|have|had ever *1 been so|as|more *1 kind|helpful|patient|nice|good",
        "never *1 had *1 to complain|reason|cause",
        "no complaints",
        "very|so|really|absolutely pleased|happy|delighted with|how",
        "how pleased|happy|delighted|grateful i|we",
        "no waiting",
    ),
    unless=(
        "i|we have|am|are|was|were *2 patient|polite|nice|kind|good",
        "not been|very|so|really|that|pleased|happy",
        "i|we would|will *2 be",
    ),
)
_WORK = rule(
    "praise", (f"{_GOOD}|grand|good|top|first service|job|work|company|experience", f"service|job was|is *1 {_GOOD}")
)
_GLAD_WORDS = frozenset([*_GOOD.split("|"), *"perfect super grand smashing ideal splendid sound magic nice".split()])
_AROUND = frozenset(
    "oh ah ok right yes yeah that is it all so very job stuff news thank thanks you much cheers then really a".split()
)
"""Words of a short glad answer beside the glad ones."""
_LONGEST = 8
"""Tokens of a short glad answer."""
_DONE = "changed|moved|updated|read|spelled|corrected|added|removed|checked|delivered|booked|renewed|sent"
_WISH = rule(
    "wish",
    (
        f"i|we only|just? want|need|would|wanted like? my|the|a|an *4 {_DONE}",
        "i|we only|just? want|need|would|wanted like? to change|move|update|add|order|book|pay|renew|check|ask",
        "first time i|we have *1 had to ring|call|phone|contact",
        "first time i|we have *1 rung|called|phoned|contacted",
    ),
)
_TROUBLE = frozenset(
    "another again still yet but except while until late delayed delay wait waited hold queue hours weeks months days "
    "broke broken ruined wrong lost missing damaged useless ridiculous joke complaint complain refund charged "
    "overcharged stuck supposed surprise usual always course nothing promised sorted fixed twice why finally".split()
)
"""Words of a segment beside those of praise that may make it mockery, or a wish a complaint."""
_BURDENS = frozenset(
    "late delayed delay wait weeks months lost broken damaged missing charge charged fee cost penalty queue problem "
    "need must pay owe overdue wrong".split()
)
"""What is bad news, and good news where it is denied."""
_SPARED = _BURDENS | frozenset("have worry worries bother rush hurry trouble transfer due mind see extra harm".split())
"""What it is good news to be spared."""
_BAD_NEWS = frozenset(
    "afraid unfortunately sorry declined refused rejected unable impossible another still again earliest down closed "
    "nobody".split()
)
_DENIALS = frozenset("no not never nothing without none".split())
_REACH = 4
"""Tokens that a denial reaches forward."""


def floors(segments: Sequence[Segment], reading: Reading, complaining: frozenset[int]) -> dict[int, float]:
    """The rows of the clauses that are meant as they are said, each with the least it feels like.

    `complaining` are the rows in which the reader finds a complaint or mockery. Empty for a call without any.
    """
    found: dict[int, float] = {}
    praised: set[str] = set()
    soured: set[str] = set()
    for row, clause in enumerate(reading.clauses):
        segment = segments[clause.segment]
        least = _least(clause, segment, soured=segment.speaker in soured)
        if least is not None and (least == PLAIN or not bad_news(texts(reading.answered[row]))):
            found[row] = least
            if least == PRAISE:
                praised.add(segment.speaker)
        elif row in complaining and segment.speaker not in praised:
            soured.add(segment.speaker)
    return found


def bad_news(words: Sequence[str]) -> bool:
    """Whether levelled words tell bad news: a burden, or a denial of anything else ("no charge" is none)."""
    for at, word in enumerate(words):
        if word in _BAD_NEWS or (word in _BURDENS and not _DENIALS & set(words[max(0, at - _REACH) : at])):
            return True
        if word in _DENIALS and not _SPARED & set(words[at + 1 : at + 1 + _REACH]):
            return True
    return False


def _least(clause: Clause, segment: Segment, *, soured: bool) -> float | None:
    """What a clause feels like at least, if it is one of those that are meant; None for any other."""
    praise = hits(clause, segment.words, (_PRAISE,)) or (() if soured else hits(clause, segment.words, (_WORK,)))
    wish = () if praise else hits(clause, segment.words, (_WISH,))
    said = {at for hit in (*praise, *wish) for at in range(hit.first, hit.last)}
    other = {word for at, one in enumerate(segment.words) if at not in said for word in texts(one.text)}
    if clause.question or _TROUBLE & other:
        return None
    if praise:
        return PRAISE
    if wish:
        return PLAIN
    return GLAD if not soured and _is_glad([token.text for token in clause.tokens]) else None


def _is_glad(words: Sequence[str]) -> bool:
    """Whether a clause is a short answer of nothing but gladness: "oh great", "that's brilliant, thank you"."""
    known = all(word in _GLAD_WORDS or word in _AROUND for word in words)
    return known and len(words) <= _LONGEST and any(word in _GLAD_WORDS for word in words)
