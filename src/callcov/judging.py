"""Judging what is stored: a transcript and the vectors beside it in, results out, in a child that holds nothing else.

Judging a stored transcript by the policy it was judged by gives the stored results byte for byte: the acts of the
policy's wordings come from the kept vectors both times, everything else from the stored transcript. The encoder is
loaded for what has no vector yet: a wording nobody matched before, words that changed by being masked, and analyses
made before vectors were kept.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import orjson

from callcov import checks, document
from callcov.checks.policy import Direction, Policy, restored
from callcov.document import Judged
from callcov.errors import NotFound
from callcov.language.encoder import Encoder, Knowing
from callcov.language.understand import clause_vectors, rematched, understood
from callcov.language.vectors import Floats, Vectors, by_text, fits, pack, unpack
from callcov.language.wordings import Wordings, prepared
from callcov.model import Transcript
from callcov.models import locate
from callcov.remask import remasked, rewritten
from callcov.speech import mask
from callcov.store.blobs import Blobs, fresh_key, open_blobs
from callcov.store.sealed import Vault


@dataclass(frozen=True, slots=True)
class Call:
    """A completed analysis as judging again reads it: the stored texts, and where its vectors are.

    `results` is what is shown now, by that `policy` (JSON) and version of the checks. `agent` is the speaker to be
    taken for the agent from now on, None for the one who is; `owner` the account that the call is of.
    """

    id: str
    transcript: str
    results: str
    policy: str
    checks_version: str
    vectors_key: str | None
    direction: str | None
    agent: str | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call is found to be now. `before` and `after` are the flagged fields (`checks.FLAGS`).

    `agent` was `agent_before`. `transcript` is the one to be stored, `shown` that field of the document; None where it
    stays. `vectors_key` names vectors that were written now, None when those there stay. `masked` says that words were
    masked which were not.
    """

    id: str
    results: str
    checks_version: str
    agent_before: str | None
    agent: str | None
    before: frozenset[str]
    after: frozenset[str]
    transcript: str | None = None
    shown: str | None = None
    vectors_key: str | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Hidden:
    """What became of the rest when words were masked: the earlier results, and the key of the new sound if any."""

    results: tuple[str, ...]
    masked_key: str | None


class Tools:
    """What the child works with; the encoder is loaded when it is first needed, and stays."""

    def __init__(self, blobs: str, models: Path, vault: Vault | None) -> None:
        self.blobs: Blobs = open_blobs(blobs, vault)
        self._models = models
        self._policy: tuple[str, Policy, Wordings] | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder."""
        return Encoder(locate.locate(self._models, "minilm"))

    def encoding(self, known: Mapping[str, Floats]) -> Knowing:
        """The encoder, for texts that are not among those known; not even loaded when there are no others."""
        return Knowing(lambda: self.encoder, known)

    def policy(self, text: str) -> tuple[Policy, Wordings]:
        """The policy of that JSON text and its wordings; the last one is remembered."""
        if self._policy is None or self._policy[0] != text:
            policy = _policy(text)
            self._policy = text, policy, prepared(policy.wordings(), self.encoding({}))
        return self._policy[1:]

    def vectors(self, key: str | None, transcript: Transcript) -> Vectors | None:
        """The kept vectors of a transcript; None when there are none, or what is there is something else."""
        if key is None:
            return None
        try:
            found = unpack(self.blobs.read(key))
        except (NotFound, ValueError):
            return None
        return found if fits(found, transcript.segments) else None

    def keep(self, vectors: Vectors, owner: str) -> str:
        """Store vectors for that account; gives their key."""
        key = fresh_key("vectors")
        self.blobs.of(owner).write(key, pack(vectors))
        return key


_equipped: list[Tools] = []


def equip(blobs: str, models: Path, vault: Vault | None = None) -> None:
    """Prepare this process to judge what lies under that address."""
    _equipped[:] = [Tools(blobs, models, vault)]


def judged(
    transcript: Transcript, policy: Policy, direction: str | None, earlier: checks.Earlier | None = None
) -> Judged:
    """The results of an annotated transcript with the versions they were judged by; pure."""
    known: Direction | None = direction if direction in ("inbound", "outbound") else None
    results = checks.analyze(transcript, policy, known, earlier)
    return Judged(results, str(policy.version), checks.VERSION, checks.flags(results, policy))


def do_judge(policy: str, calls: Sequence[Call], *, keep: bool) -> list[Verdict]:
    """The verdicts on those calls by that policy (JSON), in order; new vectors are written only to be kept."""
    (tools,) = _equipped
    known, wordings = tools.policy(policy)
    with _no_search_for_cycles():
        return [_verdict(tools, call, known, wordings, keep=keep) for call in calls]


def do_hide(
    before: str, after: str, results: Sequence[str], masked_key: str | None, types: Sequence[str], owner: str = ""
) -> Hidden:
    """The earlier results and the served sound of the owner's call whose stored transcript `before` became `after`.

    A sound that is gone, which it may be from one moment to the next when somebody else judges or deletes the call,
    leaves none: the call is another by then.
    """
    (tools,) = _equipped
    old, new = document.transcript_of(before), document.transcript_of(after)
    told = tuple(rewritten(one, old, new) for one in results)
    if masked_key is None:
        return Hidden(told, None)
    key = fresh_key("masked", ".flac")
    with tempfile.TemporaryFile() as sound:
        try:
            mask.write_masked(tools.blobs.reader(masked_key), mask.silences(new, types), sound)
        except NotFound:
            return Hidden(told, None)
        sound.seek(0)
        tools.blobs.of(owner).write(key, sound)
    return Hidden(told, key)


@contextmanager
def _no_search_for_cycles() -> Generator[None]:
    """Judging makes values by the hundred thousand and no cycles: looking for them takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _verdict(tools: Tools, call: Call, policy: Policy, wordings: Wordings, *, keep: bool) -> Verdict:
    stored = document.transcript_of(call.transcript)
    masked = remasked(stored, policy.mask)
    kept = tools.vectors(call.vectors_key, stored)
    known, vectors = _understood(tools, stored, masked, kept, wordings)
    transcript = _with_agent(known, call.agent)
    told = masked is not stored or transcript.roles != stored.roles
    earlier = None if told else _earlier(call, same_acts=transcript is stored)
    found = judged(transcript, policy, call.direction, earlier)
    results = found.text()
    new_vectors = keep and vectors is not kept
    return Verdict(
        id=call.id,
        results=results,
        checks_version=found.checks_version,
        agent_before=document.agent_of(stored),
        agent=document.agent_of(transcript),
        before=checks.shown_flags(orjson.loads(call.results), _policy(call.policy).thresholds.effort_flag),
        after=checks.shown_flags(orjson.loads(results), policy.thresholds.effort_flag),
        transcript=None if transcript is stored else document.transcript_text(transcript),
        shown=orjson.dumps(document.transcript_object(transcript)).decode() if told else None,
        vectors_key=tools.keep(vectors, call.owner) if new_vectors else None,
        masked=masked is not stored,
    )


def _earlier(call: Call, *, same_acts: bool) -> checks.Earlier | None:
    """What is shown now, if checks of this version found it: those of another may have found anything else."""
    if call.checks_version != checks.VERSION:
        return None
    return checks.Earlier(checks.Results.model_validate_json(call.results), _policy(call.policy), same_acts)


@lru_cache(maxsize=8)
def _policy(text: str) -> Policy:
    """The policy of that JSON text."""
    return restored(text)


def _understood(
    tools: Tools, stored: Transcript, masked: Transcript, kept: Vectors | None, wordings: Wordings
) -> tuple[Transcript, Vectors]:
    """The transcript with the acts of those wordings, and its vectors: `kept` itself where they are right."""
    if masked is not stored:
        anew = understood(masked, tools.encoding(by_text(kept, stored.segments) if kept else {}), wordings)
        return anew.transcript, anew.vectors
    vectors = kept or clause_vectors(stored, tools.encoding({}))
    return rematched(stored, vectors, wordings), vectors


def _with_agent(transcript: Transcript, speaker: str | None) -> Transcript:
    """The transcript with that speaker as the agent; the same object where nothing changes."""
    named = transcript if speaker is None else transcript.with_agent(speaker)
    return transcript if named.roles == transcript.roles else named
