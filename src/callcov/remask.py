"""Words that a policy masks and an earlier one did not, taken out of what is stored already. Pure.

A later policy can mask more, never less (CONTRACT §5): what is masked stays masked, whatever the policy says now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import orjson

from callcov.checks import summary
from callcov.model import Segment, Sensitive, Transcript, Word, added, text_of
from callcov.text import sensitive


def remasked(transcript: Transcript, types: Collection[str]) -> Transcript:
    """The transcript with the values of those types masked too; the same object when all of them are already.

    Acts and sentiment stay as the unmasked words gave them: a transcript that changed has to be understood again.
    """
    if all(_hidden(transcript, one) for one in transcript.sensitive if one.type in types):
        return transcript
    segments = sensitive.mask(transcript.segments, transcript.sensitive, types)
    # Where two values share a word, it shows the mark of one of them.
    return transcript if segments == transcript.segments else replace(transcript, segments=segments)


def rewritten(results: str, before: Transcript, after: Transcript) -> str:
    """Results as JSON text, with the words of `before` in them replaced by those of `after`, the same call masked more.

    Verdicts, times and places stay. Words of a changed segment that are not found there are left out.
    """
    changed = {
        place: (old, new)
        for place, (old, new) in enumerate(zip(before.segments, after.segments, strict=True))
        if old.words != new.words
    }
    document = orjson.loads(results)
    for advice in document["coaching"]["recommendations"]:
        for item in advice["evidence"]:  # it is quoted
            advice["message"] = advice["message"].replace(f"“{item['text']}”", f"“{_told_anew(item, changed)}”")
    for item in _items(document):
        item["text"] = _told_anew(item, changed)
    if changed and document.get("summary"):
        document["summary"] = _retold_summary(document["summary"])
    return orjson.dumps(document).decode()


def _told_anew(item: dict[str, Any], changed: Mapping[int, tuple[Segment, Segment]]) -> str:
    """What the words of a piece of evidence are now."""
    pair = changed.get(item["segment"])
    return _retold(item["text"], *pair) if pair and item["text"] else item["text"]


def _retold_summary(stored: dict[str, Any]) -> dict[str, Any]:
    """A summary whose evidence was rewritten, with the texts that are made of it made again."""
    for said in [*filter(None, [stored["reason"]]), *stored["next_steps"]]:
        said["text"] = said["evidence"][0]["text"]
    known = summary.Summary.model_validate(stored)
    return stored | {"text": summary.told(known.reason, known.outcome, known.next_steps)}


def _hidden(transcript: Transcript, one: Sensitive) -> bool:
    words = transcript.segments[one.segment].words[one.first : one.last]
    return all(word.text == f"[{one.type}]" for word in words)


def _items(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 JSON is anything
    """Every piece of evidence in JSON values: an object with a segment and a text."""
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        if "segment" in known and "text" in known:
            yield known
        value = list(known.values())
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _items(item)


def _retold(text: str, old: Segment, new: Segment) -> str:
    """What the words that made a text are now; empty when the text is not in the segment."""
    now = [text_of(new.words[first:last]) for first, last in _places(text, old.words)]
    return next((told for told in now if told != text), now[0] if now else "")


def _places(text: str, words: tuple[Word, ...]) -> Iterator[tuple[int, int]]:
    """Where a row of words makes exactly that text."""
    for first in range(len(words)):
        told = 0  # characters of the text so far
        for last, piece in enumerate(added(islice(words, first, None)), start=first + 1):
            if not text.startswith(piece, told):
                break
            told += len(piece)
            if told == len(text):
                yield first, last
