"""What a detector is given: one stretch of speech with its numbers, labels and the question it answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from callcov.text.normalise import FILLERS, Token, plain
from callcov.text.numbers import Group, groups, is_number
from callcov.text.sensitive.cues import Label, labels, offered, requested, wonders
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.stream import COUNTED, Atom, Stretch

JOINS = FILLERS | frozenset("dash hyphen space then and slash ok yes yeah so stop".split())
"""Words between the pieces of one value."""
REPAIRS = frozenset("sorry no wait actually scratch oops correction again repeat not pardon rather excuse".split())
"""Words with which a speaker takes a piece back or says it again."""
_AROUND_REPAIR = frozenset(
    "that is it i mean the was should be a make me let start over thats one my bad am saying tell lie hang on "
    "hold what beg your oh other way round of and um ok yes yeah so".split()
)
_BREAKS = frozenset("hold hang wait sorry oh let bear oops".split())
"""Words with which a speaker breaks off a number."""
_ABOUT_NUMBERS = (
    JOINS
    | REPAIRS
    | _AROUND_REPAIR
    | frozenset(
        "dot last first next bit bits end at ones three four two six eight digits digit lot in middle right with all "
        "got have had heard did you get this number starts ends begins altogether reads says as plus again letters "
        "would make them after those these are they part piece half section rest was lovely thanks thank great "
        "perfect correct sure fine brilliant super mine ours his her hers their theirs my your yours him wife husband "
        "son daughter now just think believe well please double".split()
    )
)
"""Words that may stand in one clause with a number that goes on, repeats or corrects one said before."""
CODES = frozenset(("account_number", "government_id", "bank_account", "password", "address"))
"""Types whose values hold letters beside digits."""
SECRETS = frozenset(("card_number", "card_cvv", "ssn", "pin", "password"))
"""While one of these is asked for, every digit run in the answer is masked: a leaked secret is worse than a mask."""

_ASIDE = 5
"""Words behind a label within which a question about it ends, and before it within which it is compared."""
_SENTENCE = 40
"""Words of the sentence behind such a question at most."""
_OF_A_PHONE = frozenset("area country dial dialling dialing".split())
"""What the codes are called with which a telephone number begins."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value or a part of one over `atoms[first:last]` of its stretch.

    `content` is what two sayings of one value share; `whole` tells that nothing of it can be missing, `certain` that
    it is told by its form and its place, whatever a tagger believes.
    """

    type: str
    first: int
    last: int
    content: str
    whole: bool = True
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One stretch, ready to be searched.

    `asked` are the types the other party is waiting for, maybe `other`; `going` those of values said just before, which
    a clause of nothing but numbers goes on with; `hinted` those that were spoken of. `requests` and `offers` are the
    types asked for and offered in it; `wonders` tells that it ends in a question for something else. Detectors note in
    `taken` the atoms they took, in `harmless` those of numbers and codes that were called something harmless, and in
    `plain` those that are no value beyond doubt. `misled` tells that something was named that the answer is not, so
    that who hears the name alone is misled.
    """

    atoms: tuple[Atom, ...]
    groups: tuple[Group, ...]
    labels: tuple[Label, ...]
    requests: tuple[str, ...]
    offers: tuple[str, ...] = ()
    wonders: bool = False
    asked: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    hinted: tuple[str, ...] = ()
    taken: set[int] = field(default_factory=set[int])
    starts: dict[int, Group] = field(default_factory=dict[int, Group])
    ends: dict[int, Group] = field(default_factory=dict[int, Group])
    harmless: set[int] = field(default_factory=set[int])
    plain: set[int] = field(default_factory=set[int])
    misled: bool = False

    def free(self, first: int, last: int) -> bool:
        """Whether no detector before this one took any of the atoms."""
        return self.taken.isdisjoint(range(first, last))

    def label_before(self, place: int, reach: int = 10) -> Label | None:
        """The nearest label that ends at most `reach` atoms before a place."""
        at = bisect_right(self.labels, place, key=lambda label: label.last) - 1
        return self.labels[at] if at >= 0 and place - self.labels[at].last <= reach else None

    def labels_near(self, place: int, reach: int) -> tuple[Label, ...]:
        """The labels that begin from `reach` atoms before a place to `reach` after it."""
        low = bisect_left(self.labels, place - reach, key=lambda label: label.first)
        return self.labels[low : bisect_right(self.labels, place + reach, key=lambda label: label.first)]


def scene_of(
    stretch: Stretch, asked: Sequence[str] = (), going: Sequence[str] = (), hinted: Sequence[str] = ()
) -> Scene:
    """A stretch with its numbers and labels; label places are atoms, fillers between counted."""
    atoms = stretch.atoms
    heard = plain([Token(atom.text, place, atom.end) for place, atom in enumerate(atoms)])
    found = labels(heard)
    placed = tuple(
        Label(label.type, heard[label.first].word, heard[label.last - 1].word + 1, label.weak) for label in found
    )
    telling = tuple(label for label in placed if not _misleads(atoms, label, asked))
    numbers = groups([atom.text for atom in atoms])
    offers = offered(heard, found)
    return Scene(
        atoms,
        numbers,
        telling,
        tuple(kind for kind in requested(heard, found) if kind not in offers),
        offers,
        wonders(heard, found),
        tuple(asked),
        tuple(going),
        tuple(hinted),
        {place for place, atom in enumerate(atoms) if atom.text.startswith("[")},
        {one.first: one for one in numbers},
        {one.last: one for one in numbers},
        misled=len(telling) < len(placed),
    )


def _misleads(atoms: Sequence[Atom], label: Label, asked: Sequence[str]) -> bool:
    """Whether a label is not what somebody tells who is asked for another value.

    It is only asked back ("The reference number? 4539 ..."), compared with ("the same as my house number, 217"), or
    names a part of the phone number that is asked for ("area code 312, 555 0142").
    """
    wanted = set(asked) - {OTHER}
    if not wanted or label.type in wanted:
        return False
    before = [atom.text for atom in atoms[max(0, label.first - _ASIDE) : label.first]]
    if "same as" in " ".join(before):
        return True
    if label.type != OTHER:
        return False
    if "phone_number" in wanted and atoms[label.first].text in _OF_A_PHONE:
        return True
    behind = atoms[label.last - 1 : label.last + _ASIDE]
    end = next((place for place, atom in enumerate(behind, label.last - 1) if atom.end), len(atoms) - 1)
    told = atoms[end + 1 : end + 1 + _SENTENCE]
    asks = bool(told) and atoms[end].end == "?"
    return asks and next((atom.end for atom in told if atom.end), "") != "?"  # "The flight one? EK 002?" is that one's


def content_of(atoms: Sequence[Atom]) -> str:
    """The words of a value as one comparable text, without fillers."""
    return " ".join(atom.text for atom in atoms if atom.text not in FILLERS)


def joined(between: Sequence[Atom]) -> bool:
    """Whether the atoms between two pieces of a number leave them one value: nothing, joints, or a repair."""
    texts = [atom.text for atom in between]
    if any(text in REPAIRS for text in texts):
        return len(texts) <= 7 and all(text in REPAIRS or text in JOINS or text in _AROUND_REPAIR for text in texts)
    return len(texts) <= 4 and all(text in JOINS for text in texts)


def alone(scene: Scene, first: int, last: int) -> bool:
    """Whether nothing but words about numbers stands in one clause with the atoms from `first` to `last`.

    A clause ends at a full stop, a question mark or a comma; the sentence is tried first, twelve atoms either way.
    """
    return _only_numbers(scene, first, last, (".", "?")) or _only_numbers(scene, first, last, (".", "?", ","))


def _only_numbers(scene: Scene, first: int, last: int, ends: Sequence[str]) -> bool:
    """The same for a clause with those ends."""
    start, end = first, last
    while start > 0 and scene.atoms[start - 1].end not in ends:
        start -= 1
        if first - start > 12 or not about_numbers(scene, start):
            return False
    while end < len(scene.atoms) and scene.atoms[end - 1].end not in ends and scene.atoms[end].text not in _BREAKS:
        if end - last > 12 or not about_numbers(scene, end):
            return False
        end += 1
    return True


def about_numbers(scene: Scene, place: int) -> bool:
    """Whether an atom is a number, a letter, or a word that is said about them."""
    text = scene.atoms[place].text
    number = is_number(text) or text in COUNTED or place in scene.starts
    return number or text in _ABOUT_NUMBERS or len(text) == 1 or place in scene.taken
