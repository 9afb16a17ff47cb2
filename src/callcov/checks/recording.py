"""Whether words say that this call is recorded: what is recorded, or watched, decides.

"Calls may be monitored or recorded", "we record this" and "you're on a recorded line" say so. Another call, a payment,
a concert, a note on somebody's account or a parcel that is recorded do not, nor an alarm or a line that is watched.
What is denied, asked or quoted is not said. `said` are the words of one sentence; word order around them is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from callcov.text.guards import asked, denied, quoted
from callcov.text.normalise import Token

RECORDING = frozenset("record recorded recording recordings records recorder tape taped taping tapes".split())
_HEARD_AS = {
    "tape": "take takes hate type types tap",
    "taped": "paid taken tapped typed tasted",
    "taping": "taking tapping typing",
    "recorded": "report reported",
    "recording": "reporting according",
}
"""The words of recording, and what a recogniser likes to write for them."""
MEANT = {heard: meant for meant, words in _HEARD_AS.items() for heard in words.split()}
_ANNOUNCING = (
    " should say ",
    " should mention ",
    " should tell ",
    " have to say ",
    " have to tell ",
    " have to mention ",
    " need to say ",
    " need to tell ",
    " must say ",
    " must tell ",
    " by the way ",
    " so you know ",
    " let you know ",
    " be aware ",
)
_SERIOUSLY = frozenset("seriously very every each from back personally ourselves daily payment payments".split())
"""What makes "we take these calls" mean just that."""
LISTENING = frozenset("monitor monitored monitoring listened".split())
_WHY = frozenset("quality training purposes".split())
_HEARING = frozenset("listen listens listening overhear overheard earshot".split())
"""With what others do in a call: "a colleague may be listening in"."""
CALL = frozenset("call calls line lines conversation conversations phone chat phonecall".split())
_OF_ANOTHER = frozenset(
    "last previous earlier yesterday voicemail voicemails message messages answerphone payment payments album delivery "
    "reading readings complaint signed medical studio player your".split()
)
_BEING = frozenset("is are be am being get gets getting very".split())
"""With what a recogniser makes of "are": nothing is "very recorded"."""
PAST = frozenset("was were had yesterday monday tuesday wednesday thursday friday saturday sunday week".split())
_WITH_BEING = _BEING | frozenset(
    "was were been has have had may might will would can could must to and or always also now currently automatically "
    "just only still routinely normally usually actually then both monitored recorded taped".split()
)
"""What stands between a subject and "recorded": "may be monitored or"."""
_SAYING = frozenset("say said saying".split())
_SPEAKERS = frozenset("you we is".split())
"""With what they say, what is recorded of a call without calling it one: "all we say", "all that is said"."""
_TALK = _SAYING | {"everything"}
_PARTIES = frozenset("you we us all these".split())
_POINTING = frozenset("this it that which".split())
_SUPPORT = frozenset("system line lines".split())
"""Things of the agent's that record: "our system records all calls"."""
_WE = frozenset("we i they".split())
_HANDING = frozenset("send give email get copy".split())
"""Before the recording of a call that somebody wants to have."""
_WHOLE = frozenset("this everything it all these you".split())
_BEHIND = frozenset(
    "for to and so just now today here too anyway if in is ok all we i you but because as at on by right while "
    "throughout from".split()
)
"""What may follow "we record this" where "this" is all that is recorded; "this concert" is another thing."""
_GOES_ON = frozenset("by so just today now".split())
_WHAT_FOR = _WHY | frozenset("compliance security legal regulatory records".split())
_KEEPS = frozenset("monitor store keep save listen".split())
"""What may follow "we record" without an object."""
_IN_FORCE = frozenset("operation place use on active progress force".split())
_DETERMINERS = frozenset("this these our your all every each any the my both".split())
_AS_NOTED = frozenset("you we well part standard normal usual always required".split())
"""What follows "as" in "recorded as part of training", while "recorded as lost" notes something else."""


def recorded(heard: Sequence[Token], first: int, last: int) -> bool:
    """That this call is recorded, taped or monitored."""
    said = _reheard([token.text for token in heard[first:last]])
    if not (RECORDING | LISTENING) & set(said):
        return False
    return any(
        _records(said, at) and not turned(heard, first + at)
        for at, word in enumerate(said)
        if word in RECORDING or word in LISTENING
    )


def _reheard(said: list[str]) -> list[str]:
    """The words with those of recording where only they can stand: "I should say we take these calls"."""
    talk = f" {' '.join(said)} "
    kept = " keep reporting of " in talk or " keep a reporting of " in talk
    if not kept and (_SERIOUSLY & set(said) or not any(words in talk for words in _ANNOUNCING)):
        return said
    return [MEANT.get(word, word) for word in said]


def _records(said: list[str], at: int) -> bool:
    """Whether a word of recording is said of this call, and not of another, of a payment, a concert or a note."""
    before, after = said[max(0, at - 7) : at], said[at + 1 : at + 6]
    word, call = said[at], bool({*said[max(0, at - 12) : at], *after} & CALL)
    if _notes(after) or not _of_this(after):
        return False
    if after[:1] and after[0] in CALL and set(before[-3:]) & {"a", "this", "on", "our"}:
        return _of_this(before)
    if word == "tape" and before[-1:] == ["on"]:
        return call or bool({*before, *after} & {"this", "everything", "all", "say"})
    why = _WHY & set(after) and _BEING & set(before[-3:]) and not {*_POINTING, *_PARTIES}.isdisjoint(before)
    if word in LISTENING and not why and not (call and _listens(said, before, after)):
        return False
    if word in ("recorded", "taped") or (word in LISTENING and _BEING & set(before[-3:])):
        return _is_recorded(said[max(0, at - 12) : at], after, call=call)
    return word in LISTENING or _recording(word, before, after)


def _of_this(said: Sequence[str]) -> bool:
    """Whether words name no other call, nor a payment or a reading."""
    return (_OF_ANOTHER - {"your"}).isdisjoint(said)


def _notes(after: Sequence[str]) -> bool:
    """Whether something is put on file instead: "recorded as lost", "recorded it on your account"."""
    for at, word in enumerate(after):
        if word == "as" and (at < 2 or "system" in after[:at]) and not _AS_NOTED & set(after[at + 1 : at + 2]):
            return True
        if word in ("on", "against", "in") and after[at + 1 : at + 2] == ["your"]:
            return True
    return False


def _listens(said: list[str], before: list[str], after: list[str]) -> bool:
    """Whether "monitored" is said of calls, and not of a customer's line or of what else is watched."""
    around = {*before, *after}
    watched = not around & (RECORDING | _WHY) and _of_their_line(said)
    ours = _WE & set(before) and CALL & set(after) - {"line", "lines"}
    return not watched and bool(_BEING & set(before[-3:]) or ours)


def _is_recorded(before: list[str], after: list[str], *, call: bool) -> bool:
    """Whether what "is recorded" is the call, those who speak, or what they say: its subject decides."""
    verb = len(before)
    while verb and before[verb - 1] in _WITH_BEING:
        verb -= 1
    subject, chain = before[:verb], set(before[verb:])
    short = not chain and subject[-1:] and subject[-1] in CALL  # "this line's recorded" loses its verb
    if chain & PAST or not (short or chain & _BEING):
        return False
    head = subject[-1] if subject else ""
    if head in _PARTIES or _names_talk(subject):
        return True
    if head in _POINTING:
        return "being" in chain or call or bool(_WHY & set(after))
    return _names_call(subject)


def _names_talk(subject: list[str]) -> bool:
    """Whether a subject is what is said: "everything from here on", "all you say to us"; "I should say" is none."""
    return "everything" in subject or any(who in _SPEAKERS and verb in _SAYING for who, verb in pairwise(subject))


def _names_call(subject: list[str]) -> bool:
    """Whether a subject holds a call that is no other one: "calls to this number", and not "your last call"."""
    at = next((at for at in range(len(subject) - 1, -1, -1) if subject[at] in CALL), None)
    if at is None or subject[at + 1 : at + 2] in (["out"], ["outs"]):
        return False
    reach = 1 if subject[at].endswith("s") else 3  # "your last call", and "in the message calls"
    first = next((back for back in range(at - 1, max(-1, at - 1 - reach), -1) if subject[back] in _DETERMINERS), at)
    return _of_this(subject[first:]) and PAST.isdisjoint(subject[first:])


def _of_their_line(said: list[str]) -> bool:
    """Whether it is a customer's line that is watched, for its faults: "we'll be monitoring your line"."""
    calls = CALL.intersection(said) - {"line", "lines"}
    theirs = any(one in ("your", "the") and other in ("line", "lines") for one, other in pairwise(said))
    return theirs and not calls


def _recording(word: str, before: list[str], after: list[str]) -> bool:
    """Whether somebody records this call: "we record our calls", "we are recording this", "a recording of it"."""
    who = next((at for at in range(len(before) - 1, -1, -1) if before[at] in _WE), None)
    system = before[-1:] and before[-1] in _SUPPORT and set(before[-2:-1]) & {"our", "this", "the"}
    if word == "recording" and before[-1:] and before[-1] in CALL:  # "call recording is in operation"
        return who is not None or bool(_IN_FORCE & set(after))
    if before[-1:] == ["that"]:  # "on a line that records"
        return before[-2:-1] != [] and before[-2] in CALL and "on" in before
    if (who is None and not system) or before[-1:] == ["on"] or not PAST.isdisjoint(before[who or 0 :]):
        return False
    if after[:1] == ["of"]:
        return _of_call(after[1:])
    near = who is not None and len(before) - who <= 4
    going_on = word in ("recording", "taping") and before[-2:] in (["we", "are"], ["i", "am"]) and _ends(after)
    noun = before[-1:] in (["a"], ["the"], ["your"])
    return bool(near or system) and not noun and (going_on or _of_call(after) or _of_nothing_else(word, after))


def _of_call(object_: list[str]) -> bool:
    """Whether what is recorded is the call: it is named, or "this" or "everything" is all that is said of it."""
    named = any(word in CALL for word in object_[:4])
    return named or (object_[:1] != [] and object_[0] in _WHOLE and _ends(object_[1:]))


def _of_nothing_else(word: str, after: Sequence[str]) -> bool:
    """Whether "record" has no object: "we do record", "we record and monitor", "we record for training"."""
    if word not in ("record", "tape"):
        return False
    if not after or after[0] in _GOES_ON:
        return True
    if after[0] == "for":
        return not _WHAT_FOR.isdisjoint(after[1:4])
    if after[0] == "and":
        return not _KEEPS.isdisjoint(after[1:2])
    return after[0] == "on" and bool(set(after[1:2]) & _DETERMINERS) and not CALL.isdisjoint(after[2:4])


def _ends(after: Sequence[str]) -> bool:
    """Whether nothing more is named behind a word: its sentence ends, or goes on with a small word."""
    return not after or after[0] in _BEHIND


def asks_of_call(said: Sequence[str]) -> bool:
    """Whether a question with these words, or a guess, is whether the call is recorded.

    It is not where customers record it themselves ("can I record this call?"), or want what was recorded.
    """
    if RECORDING.isdisjoint(said) or not _of_this(said):
        return False
    at = next(at for at, word in enumerate(said) if word in RECORDING)
    who = next((word for word in reversed(said[:at]) if word in _WE or word == "you"), "")
    theirs = who == "i" and said[at] not in ("recorded", "taped")
    if theirs or not _HANDING.isdisjoint(said[:at]):
        return False
    return not (CALL | {"me", "us"}).isdisjoint(said) or any(_asks_of_it(said, at) for at in range(len(said)))


def _asks_of_it(said: Sequence[str], at: int) -> bool:
    """Whether a word of recording is asked of what goes on: "is this being recorded", "are you recording it"."""
    if said[at] not in RECORDING:
        return False
    subject = next((word for word in reversed(said[:at]) if word not in _WITH_BEING), "")
    if said[at] in ("recorded", "taped"):
        return subject in _POINTING | _PARTIES | _TALK | {"i"}
    return bool(said[at + 1 : at + 2]) and said[at + 1] in _WHOLE and _ends(said[at + 2 :])


def says_otherwise(heard: Sequence[Token]) -> bool:
    """Whether words taken for the notice of recording are none: no call is named, or something is recorded or watched.

    Those that do record the call are found as the notice itself, whatever they were taken for. What it is for tells
    the notice too: "somebody may be sitting in for training".
    """
    said = {token.text for token in heard}
    if not said.isdisjoint(_WHY):
        return not said.isdisjoint(_OF_ANOTHER - {"your"})
    return said.isdisjoint(CALL | _TALK | _HEARING) or not said.isdisjoint(RECORDING | LISTENING)


def turned(heard: Sequence[Token], at: int) -> bool:
    """Whether a word is denied, asked or quoted; "as you will have heard, we record calls" says so itself."""
    before = [token.text for token in heard[max(0, at - 12) : at]]
    agrees = "as" in before or ("to", "say") in pairwise(before)  # "just to say we record on this line"
    return denied(heard, at) or asked(heard, at, at + 1) or (quoted(heard, at) and not agrees)
