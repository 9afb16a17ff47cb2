"""`Idempotency-Key`: a submission that comes again is answered as the first time, and makes nothing new."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_server import sample_transcript, tone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def submit(account, name, **options):
    return account.submit(headers={"Idempotency-Key": name}, **options)


def test_the_same_submission_again_is_answered_byte_for_byte_and_leaves_no_file(account):
    first = submit(account, "k", metadata='{"é": 1}')
    objects = account.server.objects()
    account.server.complete(account.user_id, first.json()["id"], sample_transcript())
    objects |= account.server.objects()
    again = submit(account, "k", metadata='{"é": 1}')
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert account.server.objects() == objects
    assert account.get("/analysis/").json()["total"] == 1


def test_twenty_at_once_make_one_analysis_and_leave_one_file(account):
    before, start = account.server.objects(), threading.Barrier(20)

    def one(_number):
        start.wait()
        return submit(account, "twenty")

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(one, range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    analysis_id = answers[0].json()["id"]
    assert account.server.engine.started(analysis_id) == [1]
    assert [one["id"] for one in account.get("/analysis/").json()["data"]] == [analysis_id]
    assert len(account.server.objects() - before) == 1


OTHERS = {
    "another file": {"sound": tone(2.0)},
    "another agent": {"agent_id": "somebody"},
    "one more field": {"language": "en"},
    "another webhook": {"webhook_url": "https://example.com/a"},
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_submission_under_the_key_is_refused_and_leaves_no_file(account, other):
    submit(account, "k")
    objects = account.server.objects()
    refused = submit(account, "k", **OTHERS[other])
    assert refused.status_code == 409
    assert refused.json() == {"detail": "The Idempotency-Key was used for another request"}
    assert account.server.objects() == objects


def test_a_key_is_its_accounts_and_modes_own(account, other):
    answers = [submit(account, "k"), submit(other, "k"), submit(account, "k", key=account.test)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 3


def test_without_a_key_the_same_recording_twice_is_two_analyses_with_a_file_each(account):
    before = account.server.objects()
    assert account.accepted() != account.accepted()
    assert len(account.server.objects() - before) == 2


def test_what_was_refused_is_not_remembered(account):
    assert submit(account, "k", sound=b"no sound at all").status_code == 400
    assert submit(account, "k").status_code == 201


def test_deleting_the_analysis_frees_the_key(account):
    first = submit(account, "k").json()["id"]
    assert account.call("DELETE", f"/analysis/{first}").status_code == 200
    again = submit(account, "k")
    assert (again.status_code, again.json()["id"] == first) == (201, False)


@pytest.mark.parametrize("key", ["k" * 256, "a\tb", "\x80", ""], ids=["too long", "a tab", "a control", "empty"])
def test_a_key_that_cannot_be_one_is_named_and_nothing_is_stored(account, key):
    before = account.server.objects()
    refused = submit(account, key.encode("latin-1"))
    assert refused.status_code == 422
    (reason,) = refused.json()["detail"]
    assert set(reason) == {"type", "loc", "msg", "input"}
    assert reason["loc"] == ["header", "Idempotency-Key"]
    assert account.server.objects() == before


def test_blanks_around_a_key_are_no_part_of_it(account):
    first = submit(account, "a key")
    for spelt in ("a key ", "a key\t ", "a key"):
        assert submit(account, spelt).content == first.content


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255))
def test_any_other_key_works_as_it_is(account, key):
    first = submit(account, key)
    assert first.status_code == 201
    assert submit(account, key).content == first.content
    assert submit(account, key + "x").status_code == (201 if len(key) < 255 else 422)
