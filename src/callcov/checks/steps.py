"""Next steps: whether a sentence says what somebody will do, or what will come, after the call.

It does when it promises ("I'll send you", "they'll write to you", "I'm going to complain"), when something comes ("it's
in the post", "goes out tonight"), when it tells the other what to do later ("bring both phones tomorrow", "if nobody
is there by five, ring us"), when it arranges to meet again ("see you Thursday"), and when the agent states something of
a time to come ("an engineer on Thursday between eight and one"). What is done at once ("let me check", "I'll put you
on hold"), what is asked, offered as a choice, denied or past does not count, nor do wishes ("have a nice evening"),
farewells ("I'll let you get on") or a bare time ("half past five").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from callcov.checks.sentences import Sentence
from callcov.model import Role


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LATER = _words(
    "send email text call ring phone post write fax forward arrange book order raise pass escalate chase follow "
    "contact visit come bring report complain refund credit issue deliver mail drop return collect update apply "
    "submit remind pay reply receive arrive attend claim dispatch ship resend resubmit investigate request "
    "notify replace consult sue speak put cancel make flag swap instruct fix mend repair sort talk pick fill"
)
"""What people do after a call."""
_FIRM = _words("pay send email post mail book order return refund deliver collect report complain")
"""Of these what is never done in the call itself, where no "now" is said."""
_ASIDE = _words("let tell leave think")
"""The same, of an agent who promises; a customer says so of the talk itself ("I'll tell you what")."""
_HAPPENS = _words(
    "land get receive hear be have come arrive go take start stop change drop end appear show see renew fall open"
)
"""What happens by itself after a call, where a time or a thing that is sent is named."""
_SENT = _words(
    "email emails text texts letter letters post mail confirmation link refund payment form copy cheque check "
    "parcel package replacement engineer technician crew driver courier van surveyor plumber inspector callback "
    "receipt bill invoice statement report message inbox notification reminder papers documents contract label "
    "voucher delivery visit team department manager supervisor adjuster nurse doctor surgery somebody someone "
    "colleague"
)
_DAYS = _words("monday tuesday wednesday thursday friday saturday sunday tomorrow tonight")
_NAMED_MONTHS = _words("january february march april june july august september october november december")
_MONTHS = _NAMED_MONTHS | _words(
    "may summer autumn winter spring fall christmas midnight noon lunch week weekend month year"
)
_TOWARDS = _words("by from until till within inside between before on in")
"""Before a date: a time to come, unless something past is told."""
_TWO = frozenset(
    (one, two)
    for one, following in (
        ("half", "past"),
        ("working", "days"),
        ("business", "days"),
        ("later", "today"),
        ("this", "morning afternoon evening week month weekend summer autumn winter spring"),
        ("next", "week month weekend year summer autumn winter spring"),
    )
    for two in following.split()
)
_OF_NUMBERS = _words("by from until till within inside between before")
_STARTS = _TOWARDS | _NAMED_MONTHS | {one for one, _ in _TWO} | {"at"}
_UNITS = _words("day days week weeks hour hours month months minutes minute working business")
_PAST = _words(
    "was were had been ago last yesterday rang called said told wrote went came got sent took happened since every each"
)
_AT_ONCE = _words("now sec second")
_BETWEEN = _words("just also then now definitely certainly probably only still all both personally again always")
_LEADING = _words("and so then ok right well yes yeah no please just only but now or lovely great sure all maybe")
_TOLD = _words(
    "call ring bring keep send fill email write phone contact ask finish give show come take speak pop wait drop "
    "post pay return check make start log go download print reply watch dial avoid apply claim leave put collect "
    "use hang look try change"
)
_CONDITION = _words("if when once till until before unless then")
_MAY = _words("can could may should must need want have would will")
_SELF = _words("i we")
_BE = _words("be is are get gets been being")
_LINKS = _words("to have need just also be then")
_HEDGED = _words("not never if might may could would thinking")
_FUTURE = _words("will shall going send email post call ring")
_CHARGES = _words("fee charge charges penalty excess surcharge")
_CHARGED = 5
"""Words in which a sentence about a charge names it, if it does not say that "there is" one."""
_OVER = frozenset((one, "gone") for one in ("is", "has", "have", "are"))
_TIMES = _words(
    "half past quarter to till until at from by on in the and about around it is we are clock oclock o am pm"
)
"""Words that say a time and nothing that happens then."""
_OPENED = (["if"], ["once"], ["when"])


def is_step(sentence: Sentence) -> bool:
    """Whether a sentence says what somebody will do, or what will come, after the call."""
    timed = names_a_time(sentence.said)
    if sentence.asks or "no_step" in sentence.sayings or ("at_once" in sentence.sayings and not timed):
        return False
    if "uncertain" not in sentence.sayings and _promised(sentence, timed=timed):
        return True
    if sentence.role is Role.CUSTOMER:
        return is_announced(sentence) or (
            timed and any(one in _SELF and verb in _LATER for one, verb in pairwise(sentence.said))
        )
    return _tells_what_comes(sentence, timed=timed)


def is_announced(sentence: Sentence) -> bool:
    """Whether customers announce to whom they turn, or that they cancel: "I'm taking this to small claims"."""
    if sentence.role is not Role.CUSTOMER or sentence.asks or _HEDGED & sentence.words:
        return False
    own = [verb for subject, verb in _futures(sentence.said) if subject in _SELF]
    return any(verb == "cancel" or ("leaving" in sentence.sayings and verb != "not") for verb in own)


def is_promised(sentence: Sentence) -> bool:
    """Whether somebody promises what is done after a call and never in it: "I'll pay it then", "I'll let him know"."""
    return "will" in sentence.words and any(
        subject == "i" and (verb in _FIRM or _arranges(verb, sentence.said))
        for subject, verb in _futures(sentence.said)
    )


def _arranges(verb: str, said: Sequence[str]) -> bool:
    """Whether somebody is told, or something made ready: "let his teacher know", "have the keys ready"."""
    return (verb, said[-1]) in (("let", "know"), ("have", "ready"))


def never_step(sentence: Sentence) -> bool:
    """Whether a sentence says no step however it sounds: a charge, a choice, done now, over, a thought, a farewell."""
    timed, pairs = names_a_time(sentence.said), set(pairwise(sentence.said))
    if "no_step" in sentence.sayings or sentence.said[:3] == ("if", "you", "do"):
        return True
    if (timed and "or" in sentence.words) or ("at_once" in sentence.sayings and not timed):
        return True
    if ("in", "case") in pairs and "will" not in sentence.words:
        return True
    if any(word in _FUTURE for word in sentence.said):
        return False
    charged = not _CHARGES.isdisjoint(sentence.said if ("there", "is") in pairs else sentence.said[:_CHARGED])
    return charged or sentence.said[1:2] == ("would",) or not _OVER.isdisjoint(pairs)


def is_told(sentence: Sentence) -> bool:
    """Whether a step is no more than what the other is told to do: "change the password tonight, please"."""
    timed = names_a_time(sentence.said)
    promised = "uncertain" not in sentence.sayings and _promised(sentence, timed=timed)
    return not promised and "coming" not in sentence.sayings and _told(sentence.said, sentence.pieces, timed=timed)


def names_a_time(said: Sequence[str]) -> bool:
    """Whether a time to come is named: a day, a date or a clock behind "by" or "from", within so many days."""
    return not _DAYS.isdisjoint(said) or any(
        word in _STARTS and _time_at(word, said[at + 1 : at + 6]) for at, word in enumerate(said[:-1])
    )


def _time_at(word: str, rest: Sequence[str]) -> bool:
    """Whether a word and the one or more behind it begin a time to come."""
    if (word, rest[0]) in _TWO:
        return True
    ahead = [one for one in rest if one not in ("the", "about", "around", "next")]
    if not ahead:
        return False
    if ahead[0].isdigit():
        return _number_at(word, ahead, today="today" in rest)
    return word in _TOWARDS and ahead[0] in _MONTHS


def _number_at(word: str, ahead: Sequence[str], *, today: bool) -> bool:
    """Whether a word and a number behind it begin a time to come: "by 5", "on the 20th of June", "March the 3rd"."""
    counted = next((at for at, one in enumerate(ahead) if one in _UNITS), None)
    if counted is not None and "of" in ahead[counted + 1 : counted + 3]:
        return False  # "within thirty days of moving"
    named = counted is not None or not _MONTHS.isdisjoint(ahead)
    return word in _OF_NUMBERS or word in _NAMED_MONTHS or (word in _TOWARDS and named) or (word == "at" and today)


def _tells_what_comes(sentence: Sentence, *, timed: bool) -> bool:
    """Whether an agent's sentence that promises nothing says what comes, or what the customer is to do later."""
    if "coming" in sentence.sayings and sentence.words.isdisjoint(_PAST):
        return True
    if "wish" in sentence.sayings:
        return False
    if _told(sentence.said, sentence.pieces, timed=timed):
        return True
    return timed and "or" not in sentence.words and any(_states(piece) for piece in sentence.pieces)


def _promised(sentence: Sentence, *, timed: bool) -> bool:
    """Whether somebody will do something, or something will come."""
    said, mine = sentence.said, sentence.role is Role.CUSTOMER
    soon = not timed and any(word in _AT_ONCE for word in said[1:])
    thing = timed or not _SENT.isdisjoint(said)
    for subject, verb in _futures(said):
        if subject in _SELF and _arranges(verb, said):
            return True
        if soon or (mine and subject not in _SELF):
            continue
        if verb in _LATER or (not mine and thing and verb in _HAPPENS) or (not mine and subject and verb in _ASIDE):
            return True
        if not mine and timed and verb != "not":
            return True
    return False


def _futures(said: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Who will do what: the word before "will", "going to" or "am ...ing", and the verb."""
    for at, word in enumerate(said):
        following = said[at + 1] if at + 1 < len(said) else ""
        if word in ("will", "shall"):
            verb = _verb(said, at + 1)
        elif word == "going" and following == "to":
            verb = _verb(said, at + 2)
        elif word == "am" and following.endswith("ing") and following != "going":
            verb = _stem(following)
        else:
            continue
        yield (
            next((one for one in reversed(said[:at]) if one not in _BETWEEN and one not in ("am", "are", "is")), ""),
            verb,
        )


def _verb(said: Sequence[str], at: int) -> str:
    """The verb at a place, behind adverbs; of "what I will do is send" it is the last."""
    verb = next((place for place in range(at, min(len(said), at + 4)) if said[place] not in _BETWEEN), None)
    if verb is None:
        return ""
    following = said[verb + 1] if verb + 1 < len(said) else ""
    if said[verb] == "be" and following.endswith("ing"):
        return _stem(following)
    return said[verb + 2] if (said[verb], following) == ("do", "is") and verb + 2 < len(said) else said[verb]


def _stem(doing: str) -> str:
    """The verb of a word in -ing: "calling", "writing"."""
    stem = doing.removesuffix("ing")
    if stem[-2:-1] == stem[-1:]:
        stem = stem if stem in _LATER else stem[:-1]  # "cancelling"
    return stem if stem in _LATER else stem + "e"


def _told(said: Sequence[str], pieces: Sequence[Sequence[str]], *, timed: bool) -> bool:
    """Whether the other is told what to do later."""
    openings = [[word for word in piece[:7] if word not in _LEADING] for piece in pieces]
    orders = [bool(opening) and (opening[0] in _TOLD or opening[:2] == ["do", "not"]) for opening in openings]
    later = timed or not _CONDITION.isdisjoint(said[1:])
    if (orders[0] and later) or (openings[0][:1] in _OPENED and any(orders)):
        return True
    for at, word in enumerate(said[:-2]):
        if word == "you" and said[at + 1] in _MAY and said[max(0, at - 1)] not in ("if", "case"):
            rest = [one for one in said[at + 2 : at + 7] if one not in _LINKS]
            if rest and rest[0] in _LATER | _TOLD and (later or said[at + 1] not in ("can", "could")):
                return True
    return False


def _states(said: Sequence[str]) -> bool:
    """Whether a piece with a time to come states something that will be, and nothing past."""
    if not names_a_time(said) or not _PAST.isdisjoint(said) or not {"not", "never"}.isdisjoint(said):
        return False
    past = any(word.endswith("ed") and len(word) > 4 and before not in _BE for before, word in pairwise(said))
    past = past or not _OVER.isdisjoint(pairwise(said))
    telling = {word for word in said if not word.isdigit()}
    return not past and len(telling) >= 2 and not telling <= _TIMES
