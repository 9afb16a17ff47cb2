"""Documents of a call that is judged again: spliced from stored bytes, they are what writing them anew would give."""

import json

import orjson
from hypothesis import example, given
from hypothesis import strategies as st
from test_document import transcripts

from callcov import checks, document
from callcov.checks.policy import DEFAULT
from callcov.document import Documents, Judged
from callcov.model import Transcript
from callcov.store.analyses import Analysis

# Words of our own documents where a client may write them.
TRAPS = st.sampled_from(
    [',"results":', ',"transcript":null', '","results":{', "results", "metadata", '\\","metadata":{']
)
TEXT = st.text(max_size=8) | TRAPS
JSON = st.recursive(
    st.none() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
METADATA = st.none() | st.dictionaries(TEXT, JSON, max_size=4)


def row_of(**fields):
    """An accepted analysis."""
    row = dict.fromkeys(Analysis._fields)
    row |= {"id": "0190", "user_id": "u", "livemode": True, "created": 1, "revision": 1, "status": "processing"}
    row |= {"stage": "judging", "attempt": 1, "size_bytes": 1, "format": "wav", "duration_ms": 1, "channels": 1}
    return Analysis(**(row | fields))


def finished(row, transcript, results, policy_version="1"):
    judged = Judged(results, policy_version, checks.VERSION, frozenset())
    return document.finished(row, transcript, judged, {"language": "minilm"}, "2026-11-23T12:00:45.230Z", 9, "m", "v")


FIRST = checks.analyze(Transcript(duration=3.0))
OTHER = checks.analyze(Transcript(duration=90.0), DEFAULT.model_copy(update={"disclosures": ()}))


@given(
    transcript=transcripts, other=st.none() | transcripts, metadata=METADATA, agent=TEXT, contact=TEXT, webhook=st.none() | TEXT
)  # fmt: skip
@example(Transcript(), None, {"results": {}, "metadata": {"results": 1}, "transcript": []}, "a", "b", ',"metadata":')
def test_splicing_gives_what_writing_anew_gives(transcript, other, metadata, agent, contact, webhook):
    row = row_of(
        agent_id=agent, contact_id=contact, webhook_url=webhook,
        metadata=None if metadata is None else json.dumps(metadata),
    )  # fmt: skip
    stored = finished(row, transcript, FIRST)
    assert document.results_of(stored.full) == stored.results
    anew = finished(row, transcript if other is None else other, OTHER, "2")
    shown = None if other is None else orjson.dumps(document.transcript_object(other)).decode()
    ended = row._replace(
        status="completed", stage="done", completed_at=stored.completed_at, processing_time_ms=9,
        policy_version="2", checks_version=checks.VERSION,
    )  # fmt: skip
    spliced = document.rejudged(ended, Documents(stored.full, stored.light), anew.results, shown)
    assert spliced == Documents(anew.full, anew.light)


def test_the_agent_of_a_call_is_whoever_has_that_role():
    assert document.agent_of(Transcript()) is None
    assert document.agent_of(Transcript().with_agent("B")) == "B"
