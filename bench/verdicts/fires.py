"""Which rules fire on how many dev calls: a rule that was fitted to one sentence is worthless.

Rules are the phrases of the understand stage (`language/phrases.yaml`, row by row), the wordings of every matcher in
the checks and in the reading of sensitive values (counted where its telling words are heard letter by letter), and the
examples that a learned act was found most like.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

import yaml
from listening import Listened

import callcov.checks
import callcov.text
from callcov.language import phrases
from callcov.language.clauses import sentences
from callcov.model import Transcript
from callcov.text.normalise import Token, plain, tokens
from callcov.text.phrases import FUNCTION_WORDS, Matcher

OFTEN = 2


def rare(heard: Sequence[Listened]) -> dict[str, tuple[int, list[str]]]:
    """By kind of rule: how many rules there are, and those that fire on fewer than two of these calls."""
    calls = [one.transcript for one in heard]
    counted = {
        "phrases of acts": _phrases(calls),
        "wordings of checks and sensitive values": _wordings(calls),
        "examples that a learned act was most like": _examples(calls),
    }
    return {
        kind: (len(counts), sorted(name for name, count in counts.items() if count < OFTEN))
        for kind, counts in counted.items()
    }


def _phrases(calls: Sequence[Transcript]) -> Counter[str]:
    document = yaml.safe_load(files("callcov.language").joinpath("phrases.yaml").read_text("utf-8"))
    rules = {f"{act}: {says}": phrases.rule(act, [says]) for act, entry in document.items() for says in entry["says"]}
    counts = Counter[str](dict.fromkeys(rules, 0))
    for call in calls:
        said = [(one, segment.words) for at, segment in enumerate(call.segments) for one in sentences(at, segment)]
        for name, rule in rules.items():
            counts[name] += any(phrases.hits(one, words, [rule]) for one, words in said)
    return counts


def _wordings(calls: Sequence[Transcript]) -> Counter[str]:
    said = [[plain(tokens(segment.words)) for segment in call.segments] for call in calls]
    heard = [{token.text for segment in call for token in segment} for call in said]
    counts: Counter[str] = Counter()
    for place, matcher in _matchers():
        for wording in matcher._at.values():  # noqa: SLF001 - looks at the rules from outside
            name = f"{place}: {' '.join(wording.words)}"
            alone = Matcher([(wording.name, " ".join(wording.words))], exact=not wording.errors)
            words = set(wording.words) - FUNCTION_WORDS
            counts[name] += sum(words <= known and _found(alone, call) for call, known in zip(said, heard, strict=True))
    return counts


def _found(matcher: Matcher, segments: Sequence[tuple[Token, ...]]) -> bool:
    return any(matcher.find(segment) for segment in segments)


def _matchers() -> Iterator[tuple[str, Matcher]]:
    """Every matcher that a module of the checks or of the text room holds."""
    for package in (callcov.checks, callcov.text):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                several = value.values() if isinstance(value, Mapping) else [value]
                for one in several:
                    if isinstance(one, Matcher):
                        yield f"{found.name.removeprefix('callcov.')}.{name}", one


def _examples(calls: Sequence[Transcript]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for call in calls:
        counts.update({f"{act.name}: {act.like}" for segment in call.segments for act in segment.acts if act.like})
    return counts
