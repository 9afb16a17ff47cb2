"""The law of judging again: the stored transcript and its vectors, by the same policy, give the stored results."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from callscript import transcript_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import write_wav

from callcov import checks, document, judging
from callcov.checks.policy import ALL_TYPES, DEFAULT, READY_MADE, Disclosure, Policy, Prohibited, Thresholds, ready_made
from callcov.language.encoder import Encoder
from callcov.language.understand import understood
from callcov.language.vectors import pack
from callcov.language.wordings import prepared
from callcov.model import Segment, Sensitive, Span, Transcript, Turn, Word
from callcov.speech.decode import Decoding
from callcov.store.blobs import open_blobs

DEV = Path(__file__).parents[2] / "bench" / "verdicts" / "dev"
SENTENCES = (
    "Thank you for calling Acme, this is Dana speaking.", "This call is recorded for quality and training purposes.",
    "We never record any calls.", "I guarantee that you will be approved, there is no risk at all, I promise you that.",
    "You have to decide right now.", "What is your PIN?", "It is four seven one one.", "Nobody ever called me back!",
    "I am so sorry to hear that.", "okay", "Is there anything else I can do for you?", "What the hell is this?",
    "It's \u202b\u05e9\u05dc\u05d5\u05dd\u202c 🙂🙂.", "...", "You will lose your home if you do not pay us today.",
)  # fmt: skip
WORDINGS = (
    *(one for part in (*DEFAULT.disclosures, *DEFAULT.prohibited) for one in part.wordings[:2]),
    "nobody called me back", "what is your pin", "we never record calls", "is there anything else",
)  # fmt: skip
MATCHES = st.sampled_from(["meaning", "wording"])
SOME = st.lists(st.sampled_from(WORDINGS), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def calls(draw):
    """Calls of a few sentences, with a value here and there, of one party or two, with and without an agent."""
    lines = draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3)), max_size=7
        )
    )
    time, segments, places = 0.0, [], []
    for place, (speaker, said) in enumerate(lines):
        words = []
        for text in " ".join(said).split():
            length = draw(st.sampled_from([0.11, 0.333, 0.58]))
            words.append(Word(text, Span(round(time, 3), round(time + length, 3)), 0.9))
            time += length
        segments.append(Segment(speaker, tuple(words), place % 2))
        for kind in draw(st.lists(st.sampled_from(["pin", "password", "ssn"]), max_size=1)):
            first = draw(st.integers(0, len(words) - 1))
            places.append(Sensitive(kind, len(places), place, first, draw(st.integers(first + 1, len(words)))))
        time += draw(st.sampled_from([0.05, 0.7, 4.0, 12.0]))
    turns = tuple(Turn(one.speaker, one.span) for one in segments)
    language = draw(st.sampled_from(["en", "en", "en", "es"]))
    call = Transcript(tuple(segments), turns, {}, tuple(places), time, language, draw(st.booleans()))
    return draw(st.sampled_from([call, call.with_agent("A"), call.with_agent("B")]))


ALL = st.just(ALL_TYPES)


@st.composite
def policies(draw, masks=ALL):
    """Policies of a few disclosures and prohibited phrases, by meaning and by wording."""
    return Policy(
        version=draw(st.integers(1, 9)),
        disclosures=tuple(
            Disclosure(
                id=f"d{place}",
                wordings=draw(SOME),
                match=draw(MATCHES),
                required=draw(st.sampled_from(["always", "outbound"])),
            )
            for place in range(draw(st.integers(0, 2)))
        ),
        prohibited=tuple(
            Prohibited(id=f"p{place}", category="pressure", wordings=draw(SOME), match=draw(MATCHES), speaker="any")
            for place in range(draw(st.integers(0, 2)))
        ),
        mask=draw(masks),
        never_solicit=("pin",),
        thresholds=draw(st.sampled_from([Thresholds(), Thresholds(greeting_seconds=0.1, silence_seconds=0.5)])),
    )


@pytest.fixture(scope="module")
def encoder(models_folder):
    return Encoder(models_folder / "minilm")


@pytest.fixture(scope="module")
def tools(tmp_path_factory, models_folder):
    """This process prepared as the child is; its objects."""
    address = tmp_path_factory.mktemp("judging").as_uri()
    judging.equip(address, models_folder)
    return open_blobs(address)


@pytest.fixture(scope="module")
def analysed(encoder, tools):
    """A masked call as the stages leave it: what is stored of it, judged by that policy."""

    def analysed(call, policy, direction=None, agent=None):
        call = replace(call, segments=judging.remasked(call, policy.mask).segments)
        found = understood(call, encoder, prepared(policy.wordings(), encoder))
        tools.write("vectors/one", pack(found.vectors))
        judged = judging.judged(found.transcript, policy, direction)
        text = document.transcript_text(found.transcript)
        by = policy.model_dump_json(), checks.VERSION
        return judging.Call("one", text, judged.text(), *by, "vectors/one", direction, agent)

    return analysed


def judge(policy, *stored, keep=True):
    return judging.do_judge(policy.model_dump_json(), stored, keep=keep)


def flags(results, policy):
    return checks.shown_flags(judging.orjson.loads(results), policy.thresholds.effort_flag)


@settings(max_examples=60)
@given(call=calls(), policy=policies(), direction=st.sampled_from([None, "inbound", "outbound"]))
def test_the_same_policy_gives_the_stored_results_byte_for_byte(analysed, call, policy, direction):
    stored = analysed(call, policy, direction)
    (verdict,) = judge(policy, stored)
    assert verdict.results == stored.results
    assert (verdict.transcript, verdict.shown, verdict.vectors_key, verdict.masked) == (None, None, None, False)
    assert verdict.before == verdict.after == flags(stored.results, policy)
    assert verdict.agent == verdict.agent_before == document.agent_of(call)


@settings(max_examples=40)
@given(call=calls(), first=policies(), second=policies())
def test_another_policy_gives_what_it_would_have_given_at_first(analysed, call, first, second):
    stored, wanted = analysed(call, first), analysed(call, second)
    (verdict,) = judge(second, stored)
    assert verdict.results == wanted.results
    assert (verdict.transcript or stored.transcript) == wanted.transcript
    assert verdict.shown is None
    assert (verdict.before, verdict.after) == (flags(stored.results, first), flags(wanted.results, second))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(DEV.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_taken_over_is_what_judging_every_field_gives(analysed, path):
    lines, time = [], 0.0
    for who, said, _ in yaml.safe_load(path.read_text("utf-8"))["turns"]:
        text = re.sub(r"<\w+ ([^>]*)>", r"\1", said).translate(str.maketrans("{}[]", "    "))
        length = 0.4 * len(text.split())
        lines.append(f"{'A' if who == 'A' else 'C'} {time:.1f}-{time + length:.1f} {text}")
        time += length
    stored = analysed(transcript_of("\n".join(lines)), DEFAULT)
    for policy in (*map(ready_made, READY_MADE), DEFAULT.model_copy(update={"thresholds": Thresholds(wpm_low=180)})):
        (taken,), (anew,) = judge(policy, stored), judge(policy, replace(stored, checks_version="another"))
        assert taken == anew


SOME_TYPES = st.lists(st.sampled_from(["pin", "password", "ssn"]), unique=True).map(tuple)


def found_in(text):
    """What is said and done in a stored transcript; a vector made again may differ in its last digit."""
    call = document.transcript_of(text)
    return [
        (segment.words, [(act.name, act.first, act.last) for act in segment.acts], round(segment.sentiment, 2))
        for segment in call.segments
    ]


@settings(max_examples=40)
@given(call=calls(), first=policies(SOME_TYPES), second=policies(SOME_TYPES))
def test_a_policy_that_masks_more_finds_what_it_would_have_found_and_unmasks_nothing(analysed, call, first, second):
    stored = analysed(call, first)
    (verdict,) = judge(second, stored)
    both = second.model_copy(update={"mask": tuple({*first.mask, *second.mask})})
    wanted = analysed(call, both)
    now = verdict.transcript or stored.transcript
    assert found_in(now) == found_in(wanted.transcript)
    assert verdict.after == flags(wanted.results, both)
    said = [segment.words for segment in document.transcript_of(stored.transcript).segments]
    assert verdict.masked == (said != [segment.words for segment in document.transcript_of(now).segments])
    assert (verdict.shown is None) == (not verdict.masked)
    if verdict.vectors_key:
        again = replace(stored, transcript=now, results=verdict.results, vectors_key=verdict.vectors_key)
        (same,) = judge(second, again)
        assert (same.results, same.transcript, same.vectors_key) == (verdict.results, None, None)


def test_without_kept_vectors_they_are_made_once(analysed, tools):
    call = transcript_of("A 0.0-2.0 This call is recorded for quality.\nC 3.0-4.0 I see, that is fine with me.")
    stored = analysed(call, DEFAULT)
    other = DEFAULT.model_copy(update={"disclosures": (Disclosure(id="fine", wordings=("that is fine by me",)),)})
    (expected,) = judge(other, stored)
    for missing in (None, "vectors/gone", "vectors/broken", "vectors/longer"):
        tools.write("vectors/broken", b"something else")
        tools.write("vectors/longer", tools.read("vectors/one").replace(b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\xff\0\0\0", 1))
        (made,) = judge(other, replace(stored, vectors_key=missing))
        assert (made.results, made.transcript) == (expected.results, expected.transcript)
        assert tools.read(made.vectors_key) == tools.read("vectors/one")
        (tried,) = judge(other, replace(stored, vectors_key=missing), keep=False)
        assert (tried.results, tried.vectors_key) == (expected.results, None)


def test_another_agent_turns_the_roles_and_the_same_one_changes_nothing(analysed):
    call = transcript_of("A 0.0-2.0 Hello there, this is Dana.\nC 3.0-4.0 My bill is wrong.")
    (turned,) = judge(DEFAULT, analysed(call, DEFAULT, agent="B"))
    wanted = analysed(call.with_agent("B"), DEFAULT)
    assert (turned.results, turned.transcript) == (wanted.results, wanted.transcript)
    assert '"role":"agent"' in turned.shown
    assert (turned.agent_before, turned.agent) == ("A", "B")
    (same,) = judge(DEFAULT, analysed(call, DEFAULT, agent="A"))
    assert (same.transcript, same.shown) == (None, None)


def test_of_some_calls_each_has_its_own_verdict(analysed):
    call = transcript_of("A 0.0-2.0 You are stupid.")
    rude, empty = replace(analysed(call, DEFAULT), vectors_key=None), analysed(Transcript(duration=2.0), DEFAULT)
    first, second = judge(DEFAULT, replace(rude, id="rude"), replace(empty, id="empty"))
    assert (first.id, second.id) == ("rude", "empty")
    assert "prohibited_phrases" in first.after - second.after
    assert judge(DEFAULT) == []


LONG = "\n".join(f"{'AC'[place % 2]} {place}.0-{place}.9 okay this call is recorded" for place in range(10_000))


@pytest.mark.parametrize(
    "call",
    [
        Transcript(duration=3.0),
        transcript_of("", duration=0.0),
        transcript_of("C 0.0-2.0 Is anybody there?"),
        transcript_of("A 0.0-2.0 Thank you for calling, this is Dana."),
        transcript_of("A 0.0-2.0 buenos dias\nC 2.0-3.0 hola", language="es"),
        transcript_of("A 0.0-2.0 \u0645\u0631\u062d\u0628\u0627 \u202b\u05e9\u05dc\u05d5\u05dd\u202c \U0001f642\U0001f642 e\u0301\nC 2.0-3.0 \U0001f468\u200d\U0001f469\u200d\U0001f467"),
        pytest.param(transcript_of(LONG), id="10,000 segments", marks=pytest.mark.slow),
    ],
    ids=["no words", "no time", "customer alone", "agent alone", "spanish", "right to left", None],
)  # fmt: skip
def test_any_call_is_judged_again_with_the_same_answer(analysed, call):
    stored = analysed(call, DEFAULT)
    (verdict,) = judge(DEFAULT, stored)
    assert (verdict.results, verdict.transcript) == (stored.results, None)
    (verdict,) = judge(Policy(version=2), stored)
    assert flags(verdict.results, Policy()) == verdict.after
    if call.language == "es" or not call.segments:
        assert verdict.transcript is None


def test_words_masked_later_leave_the_sound_and_the_earlier_results(tools, tmp_path):
    call = transcript_of("A 0.0-2.0 what is your pin\nC 3.0-5.0 it is [pin] you fool\nA 8.0-9.0 okay")
    words = list(call.segments[1].words)
    words[2] = replace(words[2], text="4711")
    shown = replace(call, segments=(call.segments[0], replace(call.segments[1], words=tuple(words)), call.segments[2]))
    sound = write_wav(tmp_path / "call.wav", np.full((1, 10 * 8000), 0.5))
    tools.write("masked/old.flac", sound.read_bytes())
    results = checks.analyze(shown, DEFAULT).model_dump_json()
    texts = [document.transcript_text(one) for one in (shown, call)]
    hidden = judging.do_hide(*texts, [results, results], "masked/old.flac", ("pin",))
    assert "4711" in results
    assert "4711" not in "".join(hidden.results)
    heard = np.concatenate(list(Decoding(tools.reader(hidden.masked_key), 8000)), axis=1)[0]
    assert heard[: 2 * 8000].all()
    assert not heard[int(3.5 * 8000) : int(4.5 * 8000)].any()
    assert judging.do_hide(*texts, [], None, ("pin",)).masked_key is None
    assert judging.do_hide(*texts, [], "masked/gone.flac", ("pin",)).masked_key is None


def test_sound_that_somebody_removes_while_it_is_silenced_is_no_error(tools, tmp_path):
    text = document.transcript_text(transcript_of("C 3.0-5.0 it is [pin] you fool"))
    sound = write_wav(tmp_path / "call.wav", np.full((1, 1800 * 8000), 0.5, np.float32))  # seconds of work
    tools.write("masked/going.flac", sound.read_bytes())
    with ThreadPoolExecutor(1) as other:
        hidden = other.submit(judging.do_hide, text, text, [], "masked/going.flac", ("pin",))
        time.sleep(0.2)
        tools.delete("masked/going.flac")
    assert hidden.result() == judging.Hidden((), None)
