"""Asking for the list again: 304 while nothing changed, a new answer after anything that changes it; and packing."""

import gzip

import pytest
from api_server import sample_transcript

WHOLE = "/analysis/"
VARY = "Authorization, X-API-Key, Accept-Encoding"


def tag_of(client, url=WHOLE):
    response = client.get(url)
    assert response.status_code == 200
    return response.headers["ETag"]


def again(client, tag, url=WHOLE):
    return client.get(url, headers={"If-None-Match": tag})


def test_a_list_that_has_not_changed_is_304_without_a_body(account):
    account.accept_directly()
    tag = tag_of(account)
    assert tag.startswith('W/"')
    for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        response = again(account, known)
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == tag
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers["Vary"] == VARY
    for other in ("", "nonsense", 'W/"0"', tag[:-1]):
        assert again(account, other).status_code == 200


def test_whatever_changes_the_list_changes_its_tag(account):
    seen = [tag_of(account)]

    def changed():
        seen.append(tag_of(account))
        assert again(account, seen[-2]).status_code == 200
        assert again(account, seen[-1]).status_code == 304

    one = account.accepted()
    changed()
    account.server.complete(account.user_id, one, sample_transcript())
    changed()
    assert account.post(f"/analysis/{one}/rejudge").status_code == 200
    changed()
    assert account.post(f"/analysis/{one}/roles", json={"agent_speaker": "B"}).status_code == 200
    changed()
    account.failed("no sound")
    changed()
    assert account.call("DELETE", f"/analysis/{one}").status_code == 200
    changed()
    assert len(set(seen)) == len(seen)


def test_every_question_account_mode_and_address_has_a_tag_of_its_own(account, other):
    account.accept_directly()
    questions = ["", "?limit=2", "?offset=1", "?expand=false", "?status_filter=failed", "?agent_id=a", "?search=a"]
    tags = [tag_of(account, WHOLE + question) for question in questions]
    assert len(set(tags)) == len(tags)
    assert tag_of(account, "/analysis/?limit=100") == tags[0], "a default that is spelt out is the same question"
    assert tag_of(account, WHOLE + "?search=") == tags[0], "an empty search is none"
    assert tag_of(account, WHOLE + "?search=A") == tags[-1], "in whatever case"
    by_other_key = account.get(WHOLE, key=account.test).headers["ETag"]
    by_other_name = account.get(WHOLE, headers={"Host": "other.example"}).headers["ETag"]
    assert len({tags[0], tag_of(other), by_other_key, by_other_name}) == 4


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "identity, X-GZIP ; q=0.001"])
def test_a_long_answer_is_packed_for_who_takes_it(account, accepted):
    for _ in range(5):
        account.completed()
    plain = account.get(WHOLE, headers={"Accept-Encoding": "identity"})
    packed = account.get(WHOLE, headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
    assert len(gzip.compress(plain.content, 1)) == pytest.approx(int(packed.headers["Content-Length"]), rel=0.1)
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == VARY


@pytest.mark.parametrize("accepted", ["gzip;q=0", "identity;q=1, gzip; Q = 0.000", "notgzip", "br", "*", ";", ""])
def test_a_long_answer_is_not_packed_for_who_refuses_it_or_does_not_name_it(account, accepted):
    account.completed()
    assert "Content-Encoding" not in account.get(WHOLE, headers={"Accept-Encoding": accepted}).headers


def test_a_short_answer_is_not_packed(account):
    answer = account.get(WHOLE, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == VARY
