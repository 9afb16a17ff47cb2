"""Facts about whole analyses of difficult recordings: by the command line's road, with real models and real sound."""

import io
import resource
from pathlib import Path

import av
import numpy as np
import pytest
from sounds import SOUND, samples, write_wav

from callcov import checks
from callcov.analyze import About, analyze
from callcov.checks import policy
from callcov.config import read
from callcov.work import INTERNAL

SAMPLES = Path(__file__).parents[2] / "samples"
SIXTEEN = {
    "compliance": ("identity_verification mandatory_disclosures purpose_declaration prohibited_phrases sensitive_data"),
    "quality": (
        "sentiment_analysis greeting empathetic_language interruptions silence talk_time speaking_rate "
        "active_listening call_structure"
    ),
    "coaching": "recommendations customer_effort_score",
}


@pytest.fixture(scope="module")
def config(models_folder):
    return read({"CALLCOV_MODELS": str(models_folder), "CALLCOV_MODEL": "tiny.en", "CALLCOV_WORKERS": "2"})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of recordings, each with one difficulty."""
    folder = tmp_path_factory.mktemp("recordings")
    call = samples(SOUND / "two-voices.wav")
    rng = np.random.default_rng(1)
    write_wav(folder / "short.wav", call[:, 8000:9600])
    write_wav(folder / "silence.wav", np.zeros((2, 80_000), np.float32))
    write_wav(folder / "hiss.wav", rng.normal(0, 0.003, (1, 160_000)).astype(np.float32))
    write_wav(folder / "one-party.wav", np.stack([call[0], np.zeros_like(call[0])]))
    write_wav(folder / "dual-mono.wav", np.stack([call.sum(axis=0), call.sum(axis=0)]))
    write_wav(folder / "swapped.wav", call[::-1])
    write_wav(folder / "two-voices.wav", call)
    whole = write_wav(folder / "whole.wav", call).read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    mp3 = _mp3(call)
    (folder / "cut.mp3").write_bytes(mp3[: len(mp3) // 2])
    hole = bytearray(mp3)
    third = len(mp3) // 3
    hole[third : third + len(mp3) // 10] = rng.bytes(len(mp3) // 10)
    (folder / "hole.mp3").write_bytes(hole)
    (folder / "ruined.mp3").write_bytes(mp3[:600] + rng.bytes(len(mp3) - 600))
    (folder / "music.wav").write_bytes((SOUND / "hold-music.wav").read_bytes())
    return folder


@pytest.fixture(scope="module")
def analysed(config, made):
    """Every recording of the folder analysed, by name."""
    files = sorted(made.iterdir())
    about = About(policy.DEFAULT, direction="inbound")
    return dict(zip([file.name for file in files], analyze(config, files, about, lambda *_: None), strict=True))


def _mp3(sound):
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=8000, layout="stereo")
        stream.bit_rate = 32_000
        whole = np.ascontiguousarray((np.clip(sound, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="stereo")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def fields(analysis):
    for group, names in SIXTEEN.items():
        for name in names.split():
            yield name, analysis["results"][group][name]


def words(analysis):
    return [word["text"] for segment in analysis["transcript"]["segments"] for word in segment["words"]]


@pytest.mark.parametrize(
    "name", ["short.wav", "silence.wav", "hiss.wav", "music.wav", "one-party.wav", "cut.wav", "cut.mp3", "hole.mp3"]
)
def test_a_difficult_recording_is_completed_with_all_sixteen_fields(analysed, name):
    assert analysed[name]["status"] == "completed"
    assert len(dict(fields(analysed[name]))) == 16


@pytest.mark.parametrize("name", ["silence.wav", "hiss.wav", "music.wav"])
def test_nothing_is_invented_over_silence_noise_or_music(analysed, name):
    assert analysed[name]["transcript"] == {"text": "", "language": "en", "segments": []}
    results = analysed[name]["results"]
    assert results["compliance"]["identity_verification"] | {} == {
        "verified": False,
        "timestamp": None,
        "flagged": True,
        "evidence": [],
    }
    assert results["quality"]["talk_time"]["agent_ratio"] is None
    assert results["quality"]["speaking_rate"]["agent_wpm"] is None
    assert results["coaching"]["customer_effort_score"] == 0


def test_a_call_with_one_party_has_one_side(analysed):
    assert {segment["speaker"] for segment in analysed["one-party.wav"]["transcript"]["segments"]} == {"A"}


def test_what_is_there_of_a_cut_recording_is_analysed(analysed):
    whole = words(analysed["two-voices.wav"])
    for name in ("cut.wav", "cut.mp3"):
        assert 0.25 * len(whole) < len(words(analysed[name])) < 0.75 * len(whole)


def test_a_hole_in_the_middle_loses_only_the_hole(analysed):
    whole, left = words(analysed["two-voices.wav"]), words(analysed["hole.mp3"])
    assert 0.6 * len(whole) < len(left) <= 1.1 * len(whole)
    last = analysed["hole.mp3"]["transcript"]["segments"][-1]["end"]
    assert abs(last - analysed["two-voices.wav"]["transcript"]["segments"][-1]["end"]) < 2.5


def test_less_than_a_second_of_sound_in_a_ruined_recording_fails_with_a_sentence(analysed):
    failed = analysed["ruined.mp3"]
    assert failed["status"] == "failed"
    assert failed["results"] is None
    assert failed["metadata"]["error_message"].endswith(".")


def ended(config, *files):
    """Status and sentence of each file, which are told of as each has ended."""
    told = {}
    given = analyze(config, files, About(policy.DEFAULT), lambda *_: None, lambda place, one: told.update({place: one}))
    assert [told[place] for place in range(len(files))] == given
    return [(one["status"], one["metadata"]["error_message"]) for one in given]


def test_an_error_nobody_foresaw_and_a_file_that_is_gone_fail_and_the_rest_is_analysed(models_folder, made, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"no model")
    config = read({"CALLCOV_MODELS": str(models_folder), "CALLCOV_MODEL": str(tmp_path), "CALLCOV_WORKERS": "1"})
    found = ended(config, made / "two-voices.wav", tmp_path, made / "silence.wav")
    assert found == [
        ("failed", INTERNAL),
        ("failed", "The file cannot be read: Is a directory."),
        ("completed", None),
    ]


def test_what_there_is_no_room_for_fails_and_the_rest_is_analysed(config, made, tmp_path):
    large = write_wav(tmp_path / "large.wav", np.zeros((1, 8_000_000), np.float32))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, unlimited[1]))
    try:
        full, well = ended(config, large, made / "silence.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert full[0] == "failed"
    assert "no room left" in full[1]
    assert well == ("completed", None)


def test_who_the_agent_is_does_not_depend_on_the_channel(analysed):
    one, other = analysed["two-voices.wav"], analysed["swapped.wav"]
    assert {segment["channel"] for segment in one["transcript"]["segments"] if segment["role"] == "agent"} == {0}
    assert {segment["channel"] for segment in other["transcript"]["segments"] if segment["role"] == "agent"} == {1}
    assert one["transcript"]["text"] == other["transcript"]["text"]


def test_two_channels_alike_are_one_channel_with_two_voices(analysed):
    segments = analysed["dual-mono.wav"]["transcript"]["segments"]
    assert {segment["speaker"] for segment in segments} == {"A", "B"}
    assert len({segment["channel"] for segment in segments}) == 1


def test_the_agents_channel_can_be_said(config, made):
    about = About(policy.DEFAULT, agent_channel=1)
    (analysis,) = analyze(config, [made / "two-voices.wav"], about, lambda *_: None)
    assert {segment["channel"] for segment in analysis["transcript"]["segments"] if segment["role"] == "agent"} == {1}


@pytest.mark.parametrize(("channel", "role"), [(0, "agent"), (1, "customer")])
def test_a_party_alone_has_the_role_of_its_channel(config, made, channel, role):
    about = About(policy.DEFAULT, agent_channel=channel)
    (analysis,) = analyze(config, [made / "one-party.wav"], about, lambda *_: None)
    assert {segment["role"] for segment in analysis["transcript"]["segments"]} == {role}


def test_the_same_sound_gives_the_same_answer(config, made, analysed):
    (again,) = analyze(config, [made / "two-voices.wav"], About(policy.DEFAULT, direction="inbound"), lambda *_: None)
    for part in ("transcript", "results", "call"):
        assert again[part] == analysed["two-voices.wav"][part]


@pytest.mark.slow
def test_another_language_is_transcribed_and_not_judged(models_folder):
    config = read({"CALLCOV_MODELS": str(models_folder), "CALLCOV_MODEL": "base"})
    (analysis,) = analyze(config, [SOUND / "spanish.wav"], About(policy.DEFAULT), lambda *_: None)
    assert analysis["transcript"]["language"] == "es"
    assert analysis["transcript"]["segments"]
    assert analysis["results"]["supported"] is False
    assert analysis["results"]["summary"] is None
    assert len(dict(fields(analysis))) == 16
    assert checks.flags(checks.Results.model_validate(analysis["results"]), policy.DEFAULT) == frozenset()
    assert not [
        value
        for _, field in fields(analysis)
        if isinstance(field, dict)
        for key, value in field.items()
        if key == "flagged" and value
    ]


@pytest.mark.slow
def test_the_badly_handled_sample_is_flagged_and_the_good_one_is_not(models_folder):
    config = read({"CALLCOV_MODELS": str(models_folder), "CALLCOV_MODEL": "base"})
    files = [SAMPLES / "telecom-billing.wav", SAMPLES / "parcel-refund.ogg"]
    good, bad = analyze(config, files, About(policy.DEFAULT, direction="inbound"), lambda *_: None)
    assert good["results"]["compliance"]["identity_verification"]["verified"]
    assert good["results"]["compliance"]["mandatory_disclosures"]["read"]
    assert not good["results"]["compliance"]["prohibited_phrases"]["used"]
    assert not bad["results"]["compliance"]["identity_verification"]["verified"]
    assert not bad["results"]["compliance"]["mandatory_disclosures"]["read"]
    assert bad["results"]["compliance"]["prohibited_phrases"]["used"]
    assert bad["results"]["coaching"]["customer_effort_score"] >= 4
    text = bad["transcript"]["text"]
    assert "[card_number]" in text
    assert not [
        digits for digits in ("4539", "1488", "6467", "826") if digits in text.replace(" ", "").replace("-", "")
    ]
