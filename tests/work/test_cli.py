"""Facts about the command line: what goes where, how it ends, and that it explains itself."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import leaks
import numpy as np
import pytest
import typer.main
from sounds import SOUND, samples, write_wav

from callcov.cli import cli

CALLCOV = str(Path(sys.executable).with_name("callcov"))


def leaves(command, path=("callcov",)):
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
    for name, child in (children or {}).items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(typer.main.get_command(cli)))


@pytest.fixture
def callcov(tmp_path, models_folder):
    def run(*arguments, **settings):
        environment = os.environ | {
            "CALLCOV_DATA": str(tmp_path / "data"),
            "CALLCOV_MODELS": str(models_folder),
            "CALLCOV_MODEL": "tiny.en",
        }
        return leaks.told(
            subprocess.run(
                [CALLCOV, *map(str, arguments)],
                capture_output=True,
                text=True,
                env=environment | settings,
                cwd=tmp_path,
                check=False,
            )
        )

    return run


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return write_wav(tmp_path_factory.mktemp("short") / "short.wav", samples(SOUND / "two-voices.wav")[:, :48_000])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path):
    command = COMMANDS[path]
    text = command.get_help(click.Context(command, info_name=" ".join(path)))
    assert command.help
    assert re.search(rf"Example: {' '.join(path)}\b", re.sub(r"\s+", " ", text))


def test_no_command_shows_the_commands(callcov):
    shown = callcov()
    assert "analyze" in shown.stdout + shown.stderr


def test_the_tier_of_an_account_is_set_by_name(callcov):
    callcov("users", "create", "qa@example.com")
    done = callcov("users", "tier", "QA@example.com", "free")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    wrong = callcov("users", "tier", "qa@example.com", "gold")
    assert (wrong.returncode, "free, starter, growth, unlimited" in wrong.stderr.replace("\n", " ")) == (2, True)
    assert callcov("users", "tier", "nobody@example.com", "free").returncode == 2


def test_a_user_gets_an_id_and_a_key_alone_on_standard_output(callcov):
    user = callcov("users", "create", "qa@example.com")
    assert (user.returncode, user.stderr) == (0, "")
    live = callcov("keys", "create", "--user", "qa@example.com")
    test = callcov("keys", "create", "--user", "qa@example.com", "--test")
    assert re.fullmatch(r"sk_live_\w{48}\n", live.stdout)
    assert re.fullmatch(r"sk_test_\w{48}\n", test.stdout)


def test_a_key_is_nowhere_in_the_data_folder(callcov, tmp_path):
    callcov("users", "create", "qa@example.com")
    key = callcov("keys", "create", "--user", "qa@example.com").stdout.strip()
    assert not [file for file in (tmp_path / "data").rglob("*") if file.is_file() and key.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (("keys", "create", "--user", "nobody@example.com"), {}, 2, "There is no installation in"),
        (("users", "create", "nobody"), {}, 1, "mail"),
        (("users", "create", "qa@example.com"), {"CALLCOV_DAAT": "x"}, 2, "did you mean CALLCOV_DATA"),
        (("analyze", "missing.wav"), {}, 2, "missing.wav"),
        (("analyze",), {}, 2, "FILES"),
        (("serve", "--port", "70000"), {}, 2, "port"),
        (("serve", "--model", "huge"), {}, 3, "huge"),
        (("serve", "--host", "nohost.invalid"), {}, 2, "choose another --host."),
        (("serve", "--host", "192.0.2.1"), {}, 2, "choose another --host."),
        (("analyze", str(SOUND / "two-voices.wav"), "--language", "xx"), {}, 2, "not a language the recogniser knows"),
        (("models", "fetch", "nonsense"), {}, 3, "nonsense"),
    ],
)
def test_a_mistake_ends_with_its_code_and_one_sentence(callcov, arguments, settings, code, says):
    ended = callcov(*arguments, **settings)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_same_address_twice_is_refused(callcov):
    callcov("users", "create", "qa@example.com")
    again = callcov("users", "create", "QA@example.com")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


def test_a_missing_model_says_what_to_run(callcov, short, tmp_path):
    ended = callcov("analyze", short, CALLCOV_MODELS=str(tmp_path / "none"))
    assert ended.returncode == 3
    assert "callcov models fetch" in ended.stderr


def test_one_file_gives_its_object_and_nothing_else_on_standard_output(callcov, short):
    ended = callcov("analyze", short, "--agent-id", "a-7", "--contact-id", "c-9", "--agent-channel", "1")
    assert ended.returncode == 0, ended.stderr
    analysis = json.loads(ended.stdout)
    assert (analysis["call"]["agent_id"], analysis["call"]["contact_id"]) == ("a-7", "c-9")
    assert analysis["status"] == "completed"
    assert analysis["audio"]["url"].startswith("file://")


def test_several_files_give_a_line_each_and_a_bad_one_is_told(callcov, short, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("this is no sound")
    ended = callcov("analyze", short, bad, "--json")
    assert ended.returncode == 1
    assert [json.loads(line)["status"] for line in ended.stdout.splitlines()] == ["completed", "failed"]
    assert "bad.wav: " in ended.stderr


def test_results_go_into_a_folder_under_the_files_names(callcov, short, tmp_path):
    stereo = tmp_path / "x.stereo.wav"
    stereo.write_bytes(short.read_bytes())
    ended = callcov("analyze", short, stereo, "--out", tmp_path / "results")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert sorted(file.name for file in (tmp_path / "results").iterdir()) == ["short.json", "x.stereo.json"]
    assert json.loads((tmp_path / "results" / "x.stereo.json").read_bytes())["status"] == "completed"


def test_two_files_of_one_name_are_refused_before_anything_is_done(callcov, short, tmp_path):
    other = tmp_path / "short.mp3"
    other.write_bytes(b"x")
    ended = callcov("analyze", short, other, "--out", tmp_path / "results")
    assert ended.returncode == 2
    assert not (tmp_path / "results").exists()


def test_a_policy_is_obeyed_and_a_wrong_one_is_told(callcov, short, tmp_path):
    good, wrong = tmp_path / "good.yaml", tmp_path / "wrong.yaml"
    good.write_text("disclosures: [{id: moon, wordings: [the moon is made of green cheese], match: wording}]\n")
    wrong.write_text("disclosures: [{id: moon}]\n")
    judged = json.loads(callcov("analyze", short, "--policy", good).stdout)
    assert judged["results"]["compliance"]["mandatory_disclosures"]["missing_disclosures"] == ["moon"]
    refused = callcov("analyze", short, "--policy", wrong)
    assert refused.returncode == 2
    assert "disclosures" in refused.stderr


def test_the_models_are_listed(callcov):
    names = [line.split("\t")[0] for line in callcov("models", "list").stdout.splitlines()]
    assert names == ["whisper-base", "whisper-tiny.en", "minilm", "campplus", "segmentation"]


def test_an_interrupted_analysis_ends_at_once_with_130_keeps_what_is_done_and_leaves_no_process(
    tmp_path, models_folder
):
    long = write_wav(tmp_path / "long.wav", np.tile(samples(SOUND / "two-voices.wav"), 20))
    silent = write_wav(tmp_path / "silent.wav", np.zeros((1, 16_000), np.float32))
    environment = os.environ | {
        "CALLCOV_MODELS": str(models_folder),
        "CALLCOV_MODEL": "tiny.en",
        "CALLCOV_WORKERS": "2",
        "TMPDIR": str(tmp_path),
    }
    results, command = tmp_path / "results", [CALLCOV, "analyze", str(long), str(silent)]
    with leaks.log_file("analyze").open("w") as log:
        started = subprocess.Popen([*command, "--out", str(results)], env=environment, stderr=log)
    deadline = time.monotonic() + 120
    while not (list(tmp_path.glob("callcov-*/blobs/work/*/*/survey.json")) and (results / "silent.json").exists()):
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.1)
    started.send_signal(signal.SIGINT)
    assert started.wait(60) == 130
    assert not list(tmp_path.glob("callcov-*"))
    assert [file.name for file in results.iterdir()] == ["silent.json"]
    assert json.loads((results / "silent.json").read_bytes())["status"] == "completed"
