"""Questions for a kind of value ("and the three digits on the back?") and labels beside one ("my PIN is").

The wordings are in `names`; a number beside a label of another kind ("job number") is not sensitive, and a question
for one closes the questions before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS, Match, Matcher
from callcov.text.sensitive.names import (
    ENDING,
    IT,
    KNOWN_KINDS,
    LAST_DIGITS,
    NAMES,
    OTHER,
    OWN_LINE,
    OWN_THINGS,
    REACHED,
    REQUESTS,
)

_IT = "it"
_NEAR = 12
"""Words from a code to what it is good for."""
_MATCHER = Matcher(
    (
        *((name, wording.strip()) for name, wordings in NAMES.items() for wording in wordings.split(",")),
        *((OTHER, wording.strip()) for wording in LAST_DIGITS.split(",")),
        *((_IT, wording.strip()) for wording in IT.split(",")),
    ),
    exact=True,
)
_REQUESTS = Matcher((("ask", wording.strip()) for wording in REQUESTS.split(",")), exact=True)
_NO_VERB = frozenset(
    "the and your a then now also so ok next first full whole long short on of for to with back front reverse "
    "side card number digits three four last please just from in that those this some sort numbers or maybe at "
    "file record system screen have has got we you us there here".split()
)
"""Words that may stand beside a label in a request without a verb: "and then the security code on the back"."""
_TYPED = frozenset("keypad keypads keyed automated".split())
_TYPING = frozenset("enter type key tap put pop punch".split())
_TELLS = frozenset("tell read say give share repeat show".split())
_KEPT = frozenset(("keep", "yourself"))
_ON_SCREEN = frozenset("phone screen box app online website site link yourself form field keys page".split())
_CHANGED = frozenset("reset resetting change changing changed updated update updating".split())
_AGREED = frozenset(("password", "pin"))
_BEFORE_A_QUESTION = frozenset("and so ok but now well right then sorry".split())
_WHEN_OR_WHY = frozenset("when why where".split())
_DONE = frozenset("have did has had".split())
_HAD = frozenset("a an the your any got one it set have".split())
"""Words after "have you", "did you" with which a question is for the thing: "have you got your PIN?"."""
_ASKING = frozenset("read tell give spell".split())
_POLITE = frozenset("can could would will please if just".split())
_POINTING = frozenset("it that those them these one".split())
_WONDERING = frozenset("what which when how where who why whose".split())
_GOING_ON = frozenset(
    "rest next after again last first remaining else repeat left end start beginning missing middle following".split()
)
_TELLING = frozenset("tell read showing shows give text texted sent app phone screen message".split())
"""Words around a "code" that make it one to be read out."""
_ON_CARDS = frozenset(("card_cvv", "card_number"))
_SIDES = frozenset("back reverse front side bottom".split())
_CARDS = frozenset("bank credit debit driving visa mastercard amex".split())
_SHOWN = frozenset("flashing blinking displayed display fault error sticker".split())
"""Words around a "code" that a machine shows or bears: no secret."""
_PIECES = frozenset("bit bits part one ones digit digits piece half few number numbers letter letters figures".split())
_ANOTHER = frozenset(("1", "ones"))
"""Words with which another of the same kind is asked for: "what's the new one, then?"."""
_OTHER_ONE = frozenset("new old other current next second right correct previous".split())
_BRIEF = 8
"""Words at most of a question for another one."""
_OFFERED = frozenset(("my", "our"))


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of value is named by the tokens from `first` to `last` (exclusive), as places in `words`."""

    type: str
    first: int
    last: int
    weak: bool = False


def labels(heard: Sequence[Token]) -> tuple[Label, ...]:
    """The kinds named in some plain tokens, in order, as token places; of overlapping ones the longest.

    A label that begins inside one for something else ("serial number on the back") is none. A number or code of a
    kind that has no name here ("locker number") is something else.
    """
    matches = (_before_number(heard, one) for one in _MATCHER.find(heard) if not _misheard(heard, one))
    found = sorted(matches, key=lambda match: (-match.length, match.first, match.name))
    others = {place: one.first for one in found if one.name == OTHER for place in range(one.first + 1, one.last)}
    taken: set[int] = set()
    kept: list[Label] = []
    for match in found:
        covered = range(match.first, match.last)
        if taken.isdisjoint(covered) and others.get(match.first, match.first) >= match.first:
            taken.update(covered)
            coupon = heard[match.last - 1].text in ("code", "is") and _money_off(heard, match.first)
            elsewhere = match.name in _ON_CARDS and _of_a_thing(heard, match.last)
            kind = OTHER if elsewhere or (coupon and match.name.startswith("password")) else match.name
            kept.append(Label(kind.rstrip("~"), match.first, match.last, kind.endswith("~")))
    kept += _unnamed(heard, taken)
    return tuple(_resolved(sorted(kept, key=lambda label: label.first)))


def _resolved(found: Iterable[Label]) -> Iterator[Label]:
    """The labels, "the number on it" with the type of the label before it; without one it names nothing."""
    before: Label | None = None
    for label in found:
        if label.type != _IT:
            before = label
            yield label
        elif before:
            yield Label(before.type, label.first, label.last)


def _money_off(heard: Sequence[Token], place: int) -> bool:
    """Whether a code beside a place is one for money off: "the code's SPRING for ten percent off"."""
    first, last = sentence(heard, place)
    said = [token.text for token in heard[max(first, place - _NEAR) : min(last, place + _NEAR)]]
    return "off" in said and not {"percent", "pound", "dollar", "euro"}.isdisjoint(said)


def _shown(heard: Sequence[Token], place: int) -> bool:
    """Whether a code beside a place is one that a machine shows or bears: "is there a code flashing?"."""
    return not _SHOWN.isdisjoint(token.text for token in heard[max(0, place - _NEAR) : place + _NEAR])


def _misheard(heard: Sequence[Token], match: Match) -> bool:
    """Whether a wording was only found by its sound, in "sending" (ending) or "am all" (e mail)."""
    if match.name == "address" and heard[match.first].text == "leaving":  # "living at"
        return True
    if match.name == ENDING and heard[match.first].text[0] not in "etf":
        return True
    return all(token.text in FUNCTION_WORDS and len(token.text) > 1 for token in heard[match.first : match.last])


def _before_number(heard: Sequence[Token], match: Match) -> Match:
    """A match without the first digit of the number behind it: "cvv2" of "cvv 209" is "cvv"."""
    last = match.last
    into = match.length > 1 and last < len(heard) and heard[last - 1].text.isdigit() and heard[last].text.isdigit()
    return replace(match, last=last - 1) if into else match


def _of_a_thing(heard: Sequence[Token], place: int) -> bool:
    """Whether the side named just before a place is one of a thing that is no card: "the back of the router"."""
    side, *of = [token.text for token in heard[max(0, place - 1) : place + 3]]
    of_it = len(of) == 3 and of[0] in ("of", "on") and of[1] in ("the", "your", "that", "my")
    return side in _SIDES and of_it and of[2].isalpha() and of[2] not in OWN_THINGS | _CARDS


def _unnamed(heard: Sequence[Token], taken: set[int]) -> Iterator[Label]:
    """Labels around a "number" or "code" that no wording covers: of a phone, or of what nobody here knows."""
    for place, token in enumerate(heard):
        if token.text not in ("number", "numbers", "code", "reference", "ref") or place in taken:
            continue
        before = heard[place - 1].text if place and not heard[place - 1].end else ""
        known = not before or before in KNOWN_KINDS or before in FUNCTION_WORDS or is_number(before)
        if token.text == "code" and known and (_money_off(heard, place) or _shown(heard, place)):
            yield Label(OTHER, place, place + 1)
            continue
        told = token.text == "code" and known and _TELLING & {one.text for one in heard[max(0, place - 6) : place + 8]}
        if told:
            yield Label("password", place, place + 1)
        elif not known and _thing(heard, place, own=True):
            continue
        elif not known and before.isalpha() and len(before) > 1 and place - 1 not in taken:
            yield Label(OTHER, place - 1, place + 1)
        elif known and (thing := _thing(heard, place)):
            yield Label(OTHER, place, thing)
        elif known and token.text == "code":
            yield Label("password", place, place + 1, weak=True)
        elif known and token.text == "number" and (last := _reached(heard, place)):
            yield Label("phone_number", place, last)


def _thing(heard: Sequence[Token], place: int, *, own: bool = False) -> int | None:
    """Where "the number on the parcel" ends, when the thing is none that a person's `own` number stands on, or is."""
    texts = [token.text for token in heard[place + 1 : place + 4]]
    on = (
        len(texts) == 3
        and texts[0] in ("on", "off", "of", "from", "under")
        and texts[1] in ("the", "my", "your", "our")
    )
    return place + 4 if on and not heard[place].end and (texts[2] in OWN_THINGS) == own and texts[2].isalpha() else None


def _reached(heard: Sequence[Token], place: int) -> int | None:
    """Where the words end that make a "number" one to ring somebody on, unless it is the speaker's own company's."""
    for at in range(place, min(len(heard), place + 9)):
        text = heard[at].text
        if at > place and text in REACHED:
            near = {token.text for token in heard[at : at + 5]}
            return None if near & OWN_LINE else at + 1
        if heard[at].end in (".", "?"):
            return None
    return None


def asked_in(heard: Sequence[Token]) -> frozenset[str]:
    """The sensitive types that plain tokens ask the other party to say aloud. Empty for statements and refusals.

    "Enter it on your keypad", "you don't need to tell me your PIN" and "I've updated your address" ask for nothing.
    """
    found = labels(heard)
    return frozenset(requested(heard, [one for one in found if not _elsewhere(heard, one)])) - {OTHER}


def offered_in(heard: Sequence[Token]) -> frozenset[str]:
    """The types that plain tokens offer to say: "shall I give you the card number?"."""
    return (
        frozenset(offered(heard, labels(heard))) if heard and any(token.end == "?" for token in heard) else frozenset()
    )


def requested(heard: Sequence[Token], found: Sequence[Label]) -> tuple[str, ...]:
    """The types that may be said next among some labels, `other` included, in order and without repeats.

    Asking to type a value counts here: people say it aloud all the same. "Can you read it to me?" asks for what the
    sentence before it named.
    """
    asked: list[Label] = []
    pointed: list[str] = []
    for place, one in enumerate(found):
        if one.type == ENDING:
            continue
        if not _requested(heard, one):
            pointed += [one.type] if _pointed_at(heard, one, found[place + 1 : place + 9]) else []
        elif one.type == OTHER or not _place_of_other(heard, one, found[max(0, place - 4) : place]):
            asked.append(one)
    strong = [one.type for one in asked if not one.weak]
    types = [*(strong or [one.type for one in asked]), *pointed]
    if "address" in types and any(one.type == "email" for one in found):
        types.append("email")
    if "pin" in types and any(_is_pin_code(heard, one) for one in found):
        types.insert(0, "address")
    return tuple(dict.fromkeys(types))


def _is_pin_code(heard: Sequence[Token], label: Label) -> bool:
    """Whether a label is the name of a PIN that in India is that of a postcode."""
    return "".join(token.text for token in heard[label.first : label.last]) == "pincode"


def offered(heard: Sequence[Token], found: Sequence[Label]) -> tuple[str, ...]:
    """The types that a speaker offers to say: "do you need my PIN?", "shall I give you the card number?"."""
    types: list[str] = []
    for label in found:
        first, last = sentence(heard, label.first)
        said = [token.text for token in heard[first:last]]
        own = bool(_OFFERED & set(said[max(0, label.first - first - 1) : label.first - first + 1]))
        gives = any(one in said for one in ("i", "we")) and {"give", "read", "tell"} & set(said)
        if label.type not in (OTHER, ENDING) and heard[last - 1].end == "?" and (own or (gives and "you" in said)):
            types.append(label.type)
    return tuple(dict.fromkeys(types))


def wonders(heard: Sequence[Token], found: Sequence[Label]) -> bool:
    """Whether the last thing said is a question for something else than a value or the rest of one."""
    if not heard or heard[-1].end != "?":
        return False
    first, last = sentence(heard, len(heard) - 1)
    said = {token.text for token in heard[first:last]}
    named = any(label.first >= first and label.type != ENDING for label in found)
    more = bool(said & _GOING_ON) and (len(said) <= 4 or (len(said) <= 8 and bool(said & _PIECES)))
    return bool(said & _WONDERING) and not named and not _ANOTHER & said and not more and sum(map(is_number, said)) < 2


def another(said: Sequence[str], end: str) -> bool:
    """Whether a short question asks for another one of the same: "what's the new one, then?"."""
    one = "one" in said or "1" in said
    return end == "?" and len(said) <= _BRIEF and one and not _OTHER_ONE.isdisjoint(said)


def _requested(heard: Sequence[Token], label: Label) -> bool:
    """Whether the sentence around a label asks for it."""
    first, last = sentence(heard, label.first)
    said = [token.text for token in heard[first:last]]
    after = heard[label.last : min(label.last + 8, last)]
    if sum(is_number(token.text) for token in after) >= 4:
        return False
    if any(token.text.startswith("[") for token in heard[label.last : label.last + 4]):
        return False
    if denied(heard, label.first, reach=9) or (label.first and heard[label.first - 1].text == "my"):
        return False
    question, asks = heard[last - 1].end == "?", bool(_REQUESTS.find(heard[first:last]))
    about_it = label.type in _AGREED and question and _about_secret(said, asks=asks)
    if about_it or (_CHANGED & set(said) and "you" not in said):
        return False
    beside = {token.text for token in [*heard[first : label.first], *heard[label.last : last]]}
    if label.weak:
        short = beside <= _NO_VERB
        own = label.type != "account_number" or (label.first > 0 and heard[label.first - 1].text == "your")
        return question and (short or (own and asks))
    return question or len(said) <= 4 or beside <= _NO_VERB or asks


def _about_secret(said: Sequence[str], *, asks: bool) -> bool:
    """Whether a question with a secret in it is not for it: "when did you last use your PIN?", "shall I reset it?".

    `asks` tells that words of asking are in it.
    """
    opening = next((place for place, text in enumerate(said) if text not in _BEFORE_A_QUESTION), 0)
    words = said[opening : opening + 3]
    changes = not _CHANGED.isdisjoint(said)
    if changes and (words[1:2] == ["i"] or ("me", "to") in pairwise(said)):
        return True
    if asks or not words:
        return False
    if words[0] in _DONE:
        return _HAD.isdisjoint(words[1:])
    either = words[:2] in (["is", "it"], ["was", "it"], ["is", "that"]) and "or" in said
    return changes or either or words[0] in _WHEN_OR_WHY or words[:2] == ["what", "happens"]


def _place_of_other(heard: Sequence[Token], label: Label, found: Sequence[Label]) -> bool:
    """Whether a label only tells where something else stands: "the reference from your email"."""
    before = [token.text for token in heard[max(0, label.first - 2) : label.first]]
    near = any(one.type == OTHER and 0 < label.first - one.last <= 4 for one in found)
    return near and bool({"from", "on", "in", "off"} & set(before))


def _pointed_at(heard: Sequence[Token], label: Label, found: Sequence[Label]) -> bool:
    """Whether the sentence after a label's asks to be told "it"."""
    _, last = sentence(heard, label.first)
    if last >= len(heard) or label.type == OTHER:
        return False
    first, end = sentence(heard, last)
    said = [token.text for token in heard[first:end]]
    verb = next((place for place, text in enumerate(said) if text in _ASKING), None)
    if (
        verb is None
        or label.weak
        or not (verb < 2 or _POLITE & set(said[:verb]))
        or any(first <= one.first < end and one.type != ENDING for one in found)
    ):
        return False
    return bool(_POINTING & set(said)) and not denied(heard, first + verb, reach=9)


def _elsewhere(heard: Sequence[Token], label: Label) -> bool:
    """Whether the value is to be typed, changed, sent or kept secret, not said."""
    first, last = sentence(heard, label.first)
    said = {token.text for token in heard[first:last]}
    tells = [place for place in range(first, last) if heard[place].text in _TELLS]
    if tells and all(denied(heard, place) for place in tells):
        return True
    if said & _TYPED or said >= _KEPT:
        return True
    return bool(said & _TYPING) and bool(said & _ON_SCREEN) and not said & {"tell", "read", "say", "give"}


def sentence(heard: Sequence[Token], place: int) -> tuple[int, int]:
    """Where the sentence around a place begins and ends, at most thirty tokens either way."""
    first = place
    while first > max(0, place - 30) and heard[first - 1].end not in (".", "?"):
        first -= 1
    last = place
    while last < min(len(heard), place + 30) - 1 and heard[last].end not in (".", "?"):
        last += 1
    return first, last + 1
