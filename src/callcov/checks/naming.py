"""Where somebody gives a name as their own: in an introduction, as a signature, or as an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from callcov.checks.passages import Passage
from callcov.checks.reading import Reading
from callcov.checks.unclear import unclear
from callcov.model import Word
from callcov.text.guards import denied, inverted, quoted
from callcov.text.names import EVERYDAY_NAMES, FIRST_NAMES, ORGANISATIONS
from callcov.text.normalise import Token
from callcov.text.phrases import FUNCTION_WORDS, Match, Matcher

_WORDINGS = Matcher(
    (
        (kind, wording)
        for kind, wordings in {
            "named": """my name is, my names, my first name is, the name is, my name will be, name is, call me, they
                call me, everyone calls me, everybody calls me, i go by, i am called""",
            "through": """you are through to, you are speaking with, you are speaking to, you are talking to, you are
                talking with, you are on with, you are on to, you are chatting with, you are dealing with, speaking
                with you today is, you are connected to, you are connected with, you are in touch with, looking after
                you today is, it is my name""",
            "reached": """you have reached, you have got, you have come through to, you have got through to, you got,
                you have been put through to, you have come through""",
            "this": "this is, i am, we have not met i am, myself",
            "it": "it is, that is",
            "after": """speaking, on the line, on the phone, on the other end, is my name, is the
                name, my name, here, this side, from, at, with, in, over at, over in, over here, calling, ringing,
                phoning, by the way, on behalf, your, one of the, again, and i will, and i am, and i work, and i look,
                and i have, and this, i will be, i am, i look, i work, i will, how can i, how may i, what can i, on a
                recorded, on the, of, and we, and the, can i, is that, am i, just calling, just ringing, and our, and
                you, just so, just to, before we, our calls""",
            "signing": "speaking, this side, here, on the line, on the phone, is my name, is the name, with you",
        }.items()
        for wording in wordings.split(",")
    ),
    exact=True,
)
"""What stands before a name given, what may follow one, and what makes a name before it one's own."""
_REQUEST = Matcher(
    (
        ("name", wording)
        for wording in """your name, who am i speaking, who am i talking, who is this, who is that, who is speaking,
            who is calling, who are you, who i am speaking, who i am talking, who i was speaking, who i was talking,
            who i have been speaking, who i have been talking, who have i been, who did i speak, and you are,
            who have i got, who do i ask, who should i ask, who shall i ask, get a name, take a name, have a name,
            a name for you, said who you are, say who you are, catch who, told me who, name and extension,
            who i have, who this is, who it is, name was, the name again""".split(",")
    ),
    exact=True,
)
_GUESS = Matcher(
    (
        (kind, wording)
        for kind, wordings in {
            "yes": "is this, is that, is it, am i speaking to, am i speaking with, am i talking to, am i talking with, "
            "have i got, are you, you are, that is, this is, am i through to",
            "speaking": "speak to, speak with, talk to, talk with, get hold of, put me through to, is, looking for",
        }.items()
        for wording in wordings.split(", ")
    ),
    exact=True,
)
_COMMON = FUNCTION_WORDS | frozenset(
    "name names number sorry calling speaking here going not happy afraid glad sure able trying looking "
    "about regarding good great fine ok right yes no what when where why how who which only because if but "
    "sir madam ready done correct important your customer customers agent someone somebody anyone nobody "
    "everything something nothing one two today tomorrow still again back sending checking seeing getting "
    "showing unable currently delighted pleased required hoping wondering thinking saying talking working "
    "using putting transferring taking recording recorded recorded call line account hello hi hey hiya thank "
    "thanks thankyou welcome morning afternoon evening please let get confused aware certain curious "
    "concerned quick quite more most less never always being out up down over under through off later soon "
    "first second next generally technically strictly honestly frankly normally a an another other each "
    "every both many much pardon listen look wait oh ah yeah yep nope cheers lovely brilliant perfect super "
    "excellent absolutely certainly course alright there us them monday tuesday wednesday thursday friday saturday "
    "sunday january february march july august september october november december christmas easter british "
    "english american irish scottish welsh indian french german spanish italian polish mr mrs ms miss doctor dr "
    "urgent ridiculous personal private confidential outrageous unacceptable awful terrible wonderful fantastic "
    "amazing crazy odd strange weird annoying frustrating disgusting nonsense serious final free easy simple true "
    "love dear mate darling my honey sweetheart spelt spelled written important irrelevant mine yours".split()
)
_TITLES = frozenset("mr mrs ms miss mister missus doctor dr nurse sister officer sergeant".split())
_FILLING = frozenset("only just actually still me also now really again".split())
_DETERMINERS = frozenset(("your", "the", "a", "an"))
_NO_ROLE = frozenset("of for with to who that from at helped and or about in on by".split())
_OTHERS = frozenset("his her their your its customer account company street maiden middle last sur whose".split())
_GREETINGS = frozenset(
    "hello hi hiya hey good morning afternoon evening yes oh ok right mr mrs dear thank thanks you".split()
)
_GREETED = frozenset("hello hi hiya hey good morning afternoon evening namaste".split())
_OF = frozenset("from at with in".split())
_VERBS = frozenset("is was has had will would can could told said says asked called rang gave sent wants".split())
_AROUND_ANSWER = frozenset(
    "sure yes yeah of course it is that would be me my name the and i am oh no problem certainly absolutely this "
    "just so well right ok not at all by way love sorry did say yep again still as".split()
)
_AFFIRMING = frozenset("yes yeah yep yup speaking correct indeed sure".split())
_PLAINLY = ("it is", "that is me", "this is she", "this is he", "that is right", "you are", "i am", "it is me")
_SPEAKING = tuple(
    "speaking,this is she,this is he,that is me,you are speaking to,you are talking to,it is me".split(",")
)
_TAGS = (("is", "it"), ("is", "that"), ("right",), ("yeah",), ("have", "i"), ("did", "i"), ("was", "it"), ("correct",))
_POSSESSIVE = re.compile(r"['\u2019]s\W*$")
_DASHES = ("-", "\u2013", "\u2014")
_LONGEST = 4
"""Words of a name at most."""


class Naming:
    """Where in a passage a name is given; places are ranges of its tokens."""

    def __init__(self, transcript: Reading, passage: Passage) -> None:
        self.heard = passage.tokens
        self._transcript, self._passage = transcript, passage
        found = _WORDINGS.find(self.heard)
        self._following = {match.first for match in found if match.name == "after"}
        self._signing = [match for match in found if match.name == "signing"]
        self._before = [match for match in found if match.name not in ("after", "signing")]

    @cached_property
    def names(self) -> list[bool]:
        """Whether each token can be a name."""
        return [self._is_name(at) for at in range(len(self.heard))]

    @cached_property
    def _raw(self) -> list[str]:
        """The words of the tokens as they were written."""
        segments, places = self._transcript.segments, self._passage.places
        found = [places[token.word] for token in self.heard]
        return [segments[place].words[at].text.lstrip("\"'([") for place, at in found]

    @cached_property
    def _cased(self) -> list[bool]:
        """Whether the recogniser wrote capitals in the segment of each token."""
        cased = {place: _cased(self._transcript.segments[place].words) for place in self._passage.segments}
        return [cased[self._passage.places[token.word][0]] for token in self.heard]

    def introduced(self, *, asked: bool, opens: bool) -> Iterator[tuple[int, int]]:
        """A name after "my name is", "this is", "you're speaking with".

        "It's X" is an introduction for a common first name, with "from" behind it, or where the passage answers a
        question for the name (`asked`) or is the side's first (`opens`).
        """
        for match in self._before:
            if self._elsewhere(match):
                continue
            start = self._behind(match)
            last = self._name_end(start, lower=match.name == "named")
            broken_off = self._raw[start - 1].endswith(_DASHES)
            if last is None or broken_off or self.heard[last - 1].end == "?":
                continue
            closed = bool(self.heard[last - 1].end) or last == len(self.heard) or last in self._following
            known = self._known(start)
            following = last in self._following
            if match.name == "it":
                fits = (closed and (known or asked or opens or following)) or (known and asked)
                fits = fits and (self.heard[match.first].text == "it" or asked) and not self._tagged(last)
            elif match.name == "reached":
                fits = known or following
            else:
                fits = match.name != "this" or closed or known or self._capital(start)
            if fits:
                yield match.first, last

    def signed(self) -> Iterator[tuple[int, int]]:
        """A name before "speaking", "on the line", "here"."""
        heard = self.heard
        for match in self._signing:
            first = behind = self._of_company(match.first)
            while first and self.names[first - 1] and behind - first < _LONGEST:
                if first < behind and heard[first - 1].end:
                    break
                first -= 1
            if first == behind or heard[match.last - 1].end == "?" or heard[match.first].text in ORGANISATIONS:
                continue  # "Palfrey Hire" sounds like "Palfrey here"
            if heard[match.first - 1].end in ((".", "?") if heard[match.first].text != "with" else (".", "?", ",")):
                continue
            before = heard[first - 1].text if first else ""
            starts = not first or heard[first - 1].end or before in ("morning", "afternoon", "evening", "hello", "hi")
            starts = starts or before == "is" or (before in ("got", "have") and self._subject_is_you(first - 1))
            starts = starts or before in ("yes", "and", "yeah", "so") or before in ORGANISATIONS
            starts = starts or (self._known(first) and match.last in self._following)
            if starts and not inverted(heard, first) and not denied(heard, first):
                yield first, match.last

    def _of_company(self, place: int) -> int:
        """Where "from" and a company begin just before a signature: "Tom from Eir here"; else the place itself."""
        first = place
        while (
            first
            and place - first < _LONGEST
            and (self.names[first - 1] or self.heard[first - 1].text in ORGANISATIONS)
        ):
            first -= 1
        of = first > 1 and first < place and self.heard[first - 1].text in ("from", "at")
        return first - 1 if of and self.names[first - 2] and not self.heard[first - 2].end else place

    def unclear(self, *, asked: bool, opens: bool) -> Iterator[tuple[int, int]]:
        """A name that was not understood; see `unclear`."""
        segments, places = self._transcript.segments, self._passage.places
        found = [places[token.word] for token in self.heard]
        sure = [segments[place].words[at].confidence for place, at in found]
        return unclear(self.heard, sure, opens=opens, asked=asked)

    def answered(self) -> Iterator[tuple[int, int]]:
        """A name that is the whole answer to who it is, a few small words aside: "Sure, it's Kim"."""
        for first, last in list(_clauses(self.heard))[:4]:
            names = [at for at in range(first, last) if self._may_answer(at)]
            others = [at for at in range(first, last) if at not in names]
            small = all(self.heard[at].text in _AROUND_ANSWER for at in others)
            if names and small and len(names) <= _LONGEST and self.heard[last - 1].end != "?":
                yield first, last
                return
            if not small:
                break
        unmarked = not any(token.end for token in self.heard[:8])
        if unmarked and self.heard and self.names[0] and self._known(0):
            yield 0, 1

    def alone(self) -> Iterator[tuple[int, int]]:
        """A common first name as a clause of its own before anybody else spoke: "Help desk, Ravi, good morning"."""
        before: list[str] = []
        for first, last in _clauses(self.heard):
            said = [token.text for token in self.heard[first:last]]
            whole = all(self.names[first:last]) and self._known(first) and len(said) <= 2
            if whole and before and not set(before) <= _GREETINGS and self.heard[last - 1].end != "?":
                yield first, last
            before = said

    def greeted(self) -> Iterator[tuple[int, int]]:
        """A common first name behind a greeting and before its company: "Good evening, Fiona McBride from Acme"."""
        for begins, last in _clauses(self.heard):
            first = next((at for at in range(begins, last) if self.heard[at].text not in _GREETINGS), last)
            end = self._name_end(first, lower=False) if first < last and self._known(first) else None
            if end and _GREETED & {token.text for token in self.heard[:first]} and self.heard[last - 1].end != "?":
                of = [token.text for token in self.heard[end:last] if token.text not in ("calling", "ringing")]
                if of[:1] and of[0] in _OF and not self.heard[end - 1].end and _VERBS.isdisjoint(of):
                    yield first, end

    def named_at(self, place: int) -> bool:
        """Whether a name of a person begins there."""
        return self._name_end(place, lower=False) is not None

    def _is_name(self, at: int) -> bool:
        """Whether a token can be a name: written with a capital, or in a segment without any, no everyday word."""
        text, raw = self.heard[at].text, self._raw[at]
        if not text.isalpha() or len(text) < 2 or text in ORGANISATIONS or _POSSESSIVE.search(raw):
            return False
        inside = at > 0 and self.heard[at - 1].end not in (".", "?")
        capital = raw[:1].isupper()
        if text in FIRST_NAMES and (text not in EVERYDAY_NAMES or (capital and inside)):
            return True
        return text not in _COMMON and (capital or (not self._cased[at] and not text.endswith(("ing", "ed"))))

    def sure(self, at: int) -> bool:
        """Whether a token is a name whatever stands around it: a common one, or one with a capital."""
        return self.names[at] and (self._known(at) or self._raw[at][:1].isupper())

    def _capital(self, at: int) -> bool:
        """Whether a token is written with a capital inside a sentence."""
        return self._raw[at][:1].isupper() and self._cased[at] and at > 0 and self.heard[at - 1].end not in (".", "?")

    def _known(self, at: int) -> bool:
        """Whether a common first name begins there, a title aside."""
        text = self.heard[at].text
        return text in _TITLES or (
            text in FIRST_NAMES and (text not in EVERYDAY_NAMES or self._raw[at][:1].isupper() or not self._cased[at])
        )

    def _may_answer(self, at: int) -> bool:
        """Whether a token can be the answer to "what's your name?"."""
        text = self.heard[at].text
        if text in FIRST_NAMES and (text not in _AROUND_ANSWER):
            return True
        return text not in _AROUND_ANSWER and self.names[at]

    def _behind(self, match: Match) -> int:
        """Where the name may begin behind an introduction: past "only", or past "your adviser"."""
        at = match.last
        while at < len(self.heard) and self.heard[at].text in _FILLING and self.heard[at].end in ("", ","):
            at += 1
        if match.name != "this" or at >= len(self.heard) or self.heard[at].text not in _DETERMINERS:
            return at
        for place in range(at + 2, min(len(self.heard), at + 7)):
            if self.heard[place - 1].end in (".", "?") or self.heard[place - 1].text in _NO_ROLE:
                break
            if self._known(place) and self.names[place] and self._raw[place][:1].isupper():
                return place
        return at

    def _name_end(self, first: int, *, lower: bool) -> int | None:
        """Where the name that begins at a place ends; None if none does, or it is the name of a company."""
        heard, at = self.heard, first
        while at < len(heard) and heard[at].text in _TITLES and not heard[at].end:
            at += 1
        if at >= len(heard):
            return None
        begins = self.names[at] or (self._known(at) and self._in_place(at))
        if not begins and lower:
            begins = heard[at].text.isalpha() and len(heard[at].text) > 1
            begins = begins and heard[at].text not in _COMMON and heard[at].text not in ORGANISATIONS
        if not begins:
            return None
        last = at + 1
        while last < len(heard) and self.names[last] and not heard[last - 1].end and last - at < _LONGEST:
            last += 1
        company = last < len(heard) and not heard[last - 1].end and heard[last].text in ORGANISATIONS
        return None if company and not self._known(at) else last

    def _in_place(self, at: int) -> bool:
        """Whether an everyday word stands where only a name can: before "from", "here", "speaking"."""
        return at + 1 in self._following and not self.heard[at].end

    def _elsewhere(self, match: Match) -> bool:
        """Whether the words ask, deny, quote, or are part of something else: "is this Dana?", "he told me this is"."""
        heard, first = self.heard, match.first
        before = heard[first - 1] if first else None
        if before and not before.end:
            if before.text in ("is", "that", "what", "where", "why", "put", "if", "think") or (
                match.name == "named" and before.text in _OTHERS
            ):
                return True
            if heard[first].text == "myself" and before.text not in _GREETINGS:
                return True
            bare = heard[first].text == "name" or [token.text for token in heard[first : first + 2]] == ["the", "name"]
            if bare and before.text != "the" and before.text not in _GREETINGS:
                return True
        return denied(heard, first) or quoted(heard, first) or inverted(heard, first)

    def _tagged(self, last: int) -> bool:
        """Whether the name is only checked: "it's Helen, is it?"."""
        following = tuple(token.text for token in self.heard[last : last + 2])
        return any(following[: len(tag)] == tag for tag in _TAGS)

    def _subject_is_you(self, at: int) -> bool:
        """Whether "got" or "have" at a place says what the listener has: "you've got Kim here"."""
        return any(token.text == "you" for token in self.heard[max(0, at - 2) : at])


def asks_for_name(heard: Sequence[Token]) -> bool:
    """Whether somebody asks who they are speaking to, in the last thirty tokens of a passage."""
    return bool(_REQUEST.find(heard[-30:]))


def guesses_name(naming: Naming, answer: Sequence[Token]) -> bool:
    """Whether a passage asks for a person by name ("is that Dana?") so that the answer says yes to being them."""
    heard = naming.heard
    for match in _GUESS.find(heard):
        last = match.last
        if last >= len(heard) or len(heard) - last > 12 or not naming.named_at(last):
            continue
        question = any(token.end == "?" for token in heard[last:])
        if match.name == "yes" and question and answers_yes(answer, plainly=True):
            return True
        if match.name == "speaking" and _opens(answer, _SPEAKING):
            return True
    return False


def answers_yes(heard: Sequence[Token], *, plainly: bool) -> bool:
    """Whether a passage begins with a yes; `plainly` leaves out a yes that only goes on ("yes, I'll get her")."""
    if not heard:
        return False
    if heard[0].text not in _AFFIRMING and not _opens(heard, _PLAINLY + _SPEAKING):
        return False
    end = next((at for at, token in enumerate(heard[:9], start=1) if token.end in (".", "?")), 9)
    said = {token.text for token in heard[:end]}
    return not plainly or not {"get", "put", "fetch", "transfer", "but", "team", "department"} & said


def _opens(heard: Sequence[Token], openings: Sequence[str]) -> bool:
    """Whether a passage begins with one of some wordings, said as a clause of its own."""
    for opening in openings:
        words = opening.split()
        said = [token.text for token in heard[: len(words)]]
        if said == words and (heard[len(words) - 1].end or len(heard) == len(words) or len(words) == 1):
            return True
    return False


def _clauses(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The ranges between marks of punctuation."""
    first = 0
    for last, token in enumerate(heard, start=1):
        if token.end or last == len(heard):
            yield first, last
            first = last


def _cased(words: Sequence[Word]) -> bool:
    """Whether the recogniser wrote capitals, "I" aside."""
    return any(word.text[:1].isupper() and not word.text.startswith("I") for word in words)
