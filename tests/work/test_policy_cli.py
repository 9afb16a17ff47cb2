"""Policies and judging again from the command line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import leaks
import pytest
import yaml
from callscript import transcript_of

from callcov import document, judging
from callcov.checks.policy import DEFAULT, READY_MADE, load, ready_made
from callcov.store import analyses, documents, judgements, users
from callcov.store.analyses import Submission
from callcov.store.folder import installation

CALLCOV = str(Path(sys.executable).with_name("callcov"))
CALL = "A 0.0-3.0 Hello this is Dana from Acme and this call is being recorded\nC 3.5-6.0 my bill is wrong"


@pytest.fixture
def callcov(tmp_path, models_folder):
    """The command, with an account qa@example.com."""

    def run(*arguments):
        environment = os.environ | {"CALLCOV_DATA": str(tmp_path / "data"), "CALLCOV_MODELS": str(models_folder)}
        command = [CALLCOV, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        return leaks.told(done)

    run("users", "create", "qa@example.com")
    return run


def completed(data, count=1, *, livemode=True):
    """Ids of analyses of that call in a data folder, judged by the default policy, oldest first."""
    transcript, ids = transcript_of(CALL), []
    with installation(data) as database, database.write() as connection:
        user = users.find(connection, "qa@example.com").id
        for _ in range(count):
            sent = Submission("a", "c", "recordings/none", "0" * 64, 100, "wav", 6_000, 2, 8_000)
            row = analyses.accept(connection, user, livemode, sent, datetime.now(UTC))
            judged = judging.judged(transcript, DEFAULT, None)
            ended = document.finished(row, transcript, judged, {}, "2026-11-23T12:00:00.000Z", 1, None, None)
            assert analyses.finish(connection, user, row.id, 1, ended)
            ids.append(row.id)
    return ids


def test_a_ready_made_policy_is_shown_with_its_sources(callcov):
    for name in READY_MADE:
        shown = callcov("policy", "show", name)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert load(shown.stdout) == ready_made(name)
    assert "1692e(11)" in callcov("policy", "show", "collections").stdout
    assert load(callcov("policy", "show").stdout) == DEFAULT


def test_what_is_set_is_shown_and_has_the_next_version(callcov, tmp_path):
    assert load(callcov("policy", "show", "--user", "qa@example.com").stdout) == DEFAULT
    assert callcov("policy", "set", "--user", "qa@example.com", "health").stdout == "2\n"
    mine = tmp_path / "mine.yaml"
    mine.write_text("prohibited: [{id: moon, category: other, wordings: ['c\u2019est la lune \U0001f319']}]\n")
    assert callcov("policy", "set", mine, "--user", "QA@example.com").stdout == "3\n"
    shown = callcov("policy", "show", "--user", "qa@example.com").stdout
    assert load(shown) == load(mine.read_text()).model_copy(update={"version": 3})
    assert "\U0001f319" in shown


def test_a_good_file_is_a_policy(callcov, tmp_path):
    for name in READY_MADE:
        good = tmp_path / f"{name}.json"
        good.write_text(ready_made(name).model_dump_json())
        checked = callcov("policy", "check", good)
        assert checked.returncode == 0
        assert checked.stdout.startswith(f"A policy with {len(ready_made(name).disclosures)} disclosures and ")


def test_a_wrong_file_is_refused_with_its_place_and_the_old_policy_stays(callcov, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump({"disclosures": [{"id": "moon"}]}))
    for command in (("policy", "check", wrong), ("policy", "set", "--user", "qa@example.com", wrong)):
        refused = callcov(*command)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "at disclosures[0].wordings: field required" in refused.stderr
    assert load(callcov("policy", "show", "--user", "qa@example.com").stdout) == DEFAULT


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("policy", "show", "nonsense"), 2, "default, collections, payments, health"),
        (("policy", "show", "health", "--user", "qa@example.com"), 2, "not both"),
        (("policy", "show", "--user", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("policy", "check", "missing.yaml"), 2, "missing.yaml"),
        (("policy", "set", "--user", "qa@example.com", "missing.yaml"), 2, "missing.yaml"),
        (("policy", "set", "--user", "nobody@example.com", "health"), 2, "callcov users create nobody@example.com"),
        (("rejudge", "--user", "qa@example.com"), 2, "--all"),
        (("rejudge", "--user", "qa@example.com", "--all", "some"), 2, "--all"),
        (("rejudge", "--user", "nobody@example.com", "--all"), 2, "callcov users create nobody@example.com"),
        (("rejudge", "--user", "qa@example.com", "some"), 1, "Analysis not found"),
    ],
)
def test_a_mistake_ends_with_its_code_and_one_sentence(callcov, arguments, code, says):
    ended = callcov(*arguments)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_all_or_some_are_judged_again_and_what_changed_is_told_by_field(callcov, tmp_path):
    ids = completed(tmp_path / "data", 3)
    (test,) = completed(tmp_path / "data", livemode=False)
    assert callcov("policy", "set", "--user", "qa@example.com", "collections").stdout == "2\n"
    one = callcov("rejudge", "--user", "qa@example.com", ids[0], "some")
    assert one.stdout == f"mandatory_disclosures\t1\t0\t{ids[0]}\n", one.stderr
    assert (one.returncode, one.stderr) == (1, "callcov: Analysis not found\n")
    rest = callcov("rejudge", "--user", "qa@example.com", "--all")
    assert rest.stdout == f"mandatory_disclosures\t2\t0\t{ids[2]}\t{ids[1]}\n"
    assert "3 judged" in rest.stderr
    assert callcov("rejudge", "--user", "qa@example.com", "--all").stdout == ""
    with installation(tmp_path / "data") as database, database.read() as connection:
        user = users.find(connection, "qa@example.com").id
        shown = json.loads(documents.full(connection, user, livemode=True, analysis_id=ids[2]))
        assert shown["metadata"]["policy_version"] == "2"
        assert shown["results"]["compliance"]["mandatory_disclosures"]["missing_disclosures"] == ["mini_miranda"]
        kept = judgements.of_analysis(connection, user, livemode=True, analysis_id=ids[2])
        assert [one.policy_version for one in kept] == ["1", "2"]
        assert len(judgements.of_analysis(connection, user, livemode=False, analysis_id=test)) == 1
    assert callcov("rejudge", "--user", "qa@example.com", "--all", "--test").stdout.endswith(f"\t{test}\n")
