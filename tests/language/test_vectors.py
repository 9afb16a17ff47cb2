"""What is kept of a call's clauses finds the same again, and other wordings without a model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from callcov.language.encoder import WIDTH, Knowing
from callcov.language.understand import clause_vectors, rematched, understand, understood
from callcov.language.vectors import Vectors, by_text, fits, pack, unpack
from callcov.language.wordings import prepared
from callcov.model import Transcript

SAID = (
    "This call is recorded for quality.", "We do not record our calls.", "Is this call recorded?", "Okay.", "[pin] [pin]",
    "I guarantee that you will be approved, and there is no risk at all, so let us begin today with the form.",
    "You people never listen.", "Thank you for calling, this is Dana.", "آپ کا شکریہ 🙂", "My card is [card_number].",
)  # fmt: skip
WORDINGS = (
    "this call may be recorded for quality and training purposes", "we record calls", "I guarantee you will be approved",
    "there is absolutely no risk", "you never understand", "is this call recorded",
)  # fmt: skip
CALLS = st.lists(st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from(SAID), min_size=1, max_size=3)), max_size=8)
POLICIES = st.dictionaries(
    st.sampled_from(["disclosure:one", "disclosure:two", "prohibited:one"]),
    st.lists(st.sampled_from(WORDINGS), min_size=1, max_size=4, unique=True),
    max_size=3,
)


def no_model():
    raise AssertionError("the model was asked")


@settings(max_examples=60)
@given(lines=CALLS, first=POLICIES, second=POLICIES)
def test_matching_again_finds_what_was_found_and_other_wordings_what_they_would_have(
    encoder, said, lines, first, second
):
    transcript = said(*(f"{speaker} {' '.join(texts)}" for speaker, texts in lines))
    before = understood(transcript, encoder, prepared(first, encoder))
    kept = unpack(pack(before.vectors))
    assert rematched(before.transcript, kept, prepared(first, encoder)) is before.transcript
    after = rematched(before.transcript, kept, prepared(second, encoder))
    assert after == understood(transcript, encoder, prepared(second, encoder)).transcript
    assert rematched(after, kept, prepared(first, encoder)) == before.transcript


def test_another_policys_acts_make_way_and_our_own_stay(encoder, said):
    call = said("A Good morning, this is Dana. This call is recorded.", "B Thank you so much.")
    first, second = {"disclosure:x": ("this call is recorded",)}, {"prohibited:y": ("this call is recorded",)}
    before = understood(call, encoder, prepared(first, encoder))
    after = rematched(before.transcript, before.vectors, prepared(second, encoder))
    own = [[act for act in segment.acts if ":" not in act.name] for segment in before.transcript.segments]
    assert own[0]
    assert [[act for act in segment.acts if ":" not in act.name] for segment in after.segments] == own
    assert [act.name for segment in after.segments for act in segment.acts if ":" in act.name] == ["prohibited:y"]


def test_matching_again_asks_no_model_for_a_policy_without_wordings(encoder, said):
    found = understood(said("A this call is recorded"), encoder, prepared({}, Knowing(no_model, {})))
    again = rematched(found.transcript, found.vectors, prepared({}, Knowing(no_model, {})))
    assert again is found.transcript


def test_understanding_gives_the_same_whichever_way_it_is_asked(encoder, said):
    call, wordings = said("A This call is recorded.", "B Fine."), {"disclosure:x": ("we record calls",)}
    assert understand(call, encoder, wordings) == understood(call, encoder, prepared(wordings, encoder)).transcript


def test_vectors_made_later_are_those_that_would_have_been_kept(encoder, said):
    call = said("A This call is recorded. You people never listen.", "B okay", "B Thank you for calling.")
    found = understood(call, encoder, prepared({}, encoder))
    later = clause_vectors(found.transcript, encoder)
    assert pack(later) == pack(found.vectors)
    assert len(later.rows) == 3


@pytest.mark.parametrize("call", [Transcript(), Transcript(language="es")])
def test_what_is_not_understood_has_no_vectors_and_asks_no_model(call):
    knowing = Knowing(no_model, {})
    assert len(clause_vectors(call, knowing).rows) == 0
    assert len(unpack(pack(understood(call, knowing, prepared({}, knowing)).vectors)).rows) == 0
    assert rematched(call, clause_vectors(call, knowing), prepared({}, knowing)) is call


ROWS = st.integers(0, 5).flatmap(
    lambda count: st.builds(
        Vectors,
        arrays.arrays(np.uint32, (count, 3)),
        arrays.arrays(np.float16, (count, WIDTH), elements=st.floats(-1, 1, width=16)),
    )
)


@settings(max_examples=30)
@given(ROWS)
def test_packing_loses_nothing(vectors):
    again = unpack(pack(vectors))
    assert np.array_equal(again.places, vectors.places)
    assert np.array_equal(again.rows, vectors.rows)
    assert len(pack(vectors)) == 8 + 780 * len(vectors.rows)


@pytest.mark.parametrize("broken", [b"", b"CCV1", b"CCV0\0\0\0\0", b"CCV1\1\0\0\0", b"CCV1\0\0\0\0x", b"fLaC" * 500])
def test_bytes_of_something_else_are_no_vectors(broken):
    with pytest.raises(ValueError, match="no vectors"):
        unpack(broken)


def test_vectors_of_a_longer_call_do_not_fit(encoder, said):
    call = said("A This call is recorded for quality.", "B You people never listen.")
    vectors = clause_vectors(call, encoder)
    assert fits(vectors, call.segments)
    assert not fits(vectors, call.segments[:1])
    assert not fits(vectors, ())
    shorter = replace(call.segments[0], words=call.segments[0].words[:3])
    assert not fits(vectors, (shorter, call.segments[1]))
    assert fits(clause_vectors(Transcript(), encoder), ())


def test_known_texts_are_not_encoded_again(encoder, said):
    call = said("A This call is recorded for quality.", "B You people never listen.")
    known = by_text(clause_vectors(call, encoder), call.segments)
    assert set(known) == {"This call is recorded for quality.", "You people never listen."}
    assert pack(clause_vectors(call, Knowing(no_model, known))) == pack(clause_vectors(call, encoder))
    longer = said("A This call is recorded for quality.", "B It rains.")
    assert set(by_text(clause_vectors(longer, Knowing(lambda: encoder, known)), longer.segments)) == {
        "This call is recorded for quality.",
        "It rains.",
    }


def test_the_vector_of_one_text_does_not_depend_on_what_else_is_encoded(encoder):
    alone = encoder.alone("we record calls")
    encoder.encode(["something much longer that is padded to many tokens, and then some more", "we record calls"])
    assert np.array_equal(encoder.alone("we record calls"), alone)
    assert np.allclose(encoder.encode(["we record calls"])[0], alone, atol=1e-5)
