"""The sound: whole, in ranges, by its head, and by a link without credentials."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from api_server import FLAC, SECRET
from hypothesis import given
from hypothesis import strategies as st

from callcov.api.audio import _part
from callcov.auth import links

SIZE = len(FLAC)


@pytest.fixture(scope="module")
def heard(server):
    """An account with one completed analysis, and the path of its sound."""
    account = server.account("listener@example.com")
    return account, f"/analysis/{account.completed()}/audio"


def test_the_whole_recording_is_flac(heard):
    account, path = heard
    response = account.get(path)
    assert response.status_code == 200
    assert response.content == FLAC
    assert response.headers["Content-Type"] == "audio/flac"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Length"] == str(SIZE)


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=4-99", 4, 100),
        ("bytes=100-", 100, SIZE),
        (f"bytes=100-{SIZE * 9}", 100, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE * 9}", 0, SIZE),
    ],
)
def test_a_range_is_206_with_these_bytes(heard, header, start, end):
    account, path = heard
    response = account.get(path, headers={"Range": header})
    assert response.status_code == 206
    assert response.content == FLAC[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=-0"])
def test_a_range_after_the_last_byte_is_416(heard, header):
    account, path = heard
    response = account.get(path, headers={"Range": header})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "header", ["bytes=9-4", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,4-5", f"bytes={'9' * 5000}-"]
)
def test_what_is_no_single_range_of_bytes_is_the_whole(heard, header):
    account, path = heard
    response = account.get(path, headers={"Range": header})
    assert (response.status_code, len(response.content)) == (200, SIZE)


def test_a_range_of_another_version_is_the_whole(heard):
    account, path = heard
    tag = account.get(path).headers["ETag"]
    assert account.get(path, headers={"Range": "bytes=0-3", "If-Range": tag}).status_code == 206
    assert account.get(path, headers={"Range": "bytes=0-3", "If-Range": '"older"'}).status_code == 200


@pytest.mark.parametrize("ways", ["{}", "W/{}", '"older", {}', "*"])
def test_who_has_the_sound_is_not_sent_it_again(heard, ways):
    account, path = heard
    tag = account.get(path).headers["ETag"]
    for ranged in ({}, {"Range": "bytes=0-3"}, {"Range": f"bytes={SIZE}-"}):
        response = account.get(path, headers={"If-None-Match": ways.format(tag), **ranged})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)
    assert account.call("HEAD", path, headers={"If-None-Match": tag}).status_code == 304


def test_who_has_older_sound_is_sent_it(heard):
    account, path = heard
    response = account.get(path, headers={"If-None-Match": '"older"'})
    assert (response.status_code, response.content) == (200, FLAC)


def test_a_head_has_the_headers_and_no_bytes(heard):
    account, path = heard
    response = account.call("HEAD", path)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == str(SIZE)


@given(header=st.from_regex(r"bytes=[0-9]{0,6}-[0-9]{0,6}", fullmatch=True), size=st.integers(0, 10_000))
def test_a_range_never_reaches_outside_the_object(header, size):
    part = _part(header, size)
    if part is not None and part[0] < part[1]:
        assert 0 <= part[0] < part[1] <= size


def test_a_link_works_without_credentials_and_says_until_when(heard):
    account, path = heard
    before = datetime.now(UTC)
    response = account.post(path + "-link")
    assert response.status_code == 200
    link = response.json()
    assert set(link) == {"url", "expires_at"}
    left = datetime.fromisoformat(link["expires_at"]) - before
    assert timedelta(minutes=9) < left < timedelta(minutes=11)
    heard_by_link = requests.get(link["url"], headers={"Range": "bytes=0-3"}, timeout=30)
    assert (heard_by_link.status_code, heard_by_link.content) == (206, b"fLaC")


def test_a_link_opens_its_own_recording_only(heard):
    account, path = heard
    token = account.post(path + "-link").json()["url"].split("?token=")[1]
    second = account.completed()
    response = requests.get(f"{account.server.api}/analysis/{second}/audio", params={"token": token}, timeout=30)
    assert response.status_code == 404


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_token_that_is_none_of_ours_is_401(heard, token):
    account, path = heard
    response = requests.get(account.server.api + path, params={"token": token}, timeout=30)
    assert response.status_code == 401


def test_a_link_that_is_over_is_401(heard):
    account, path = heard
    earlier = datetime.now(UTC) - links.LIFETIME
    token = links.make(SECRET, path.split("/")[2], account.user_id, livemode=True, now=earlier).token
    assert requests.get(account.server.api + path, params={"token": token}, timeout=30).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_before_it_is_completed_there_is_nothing_to_hear(account, method):
    end = "audio" if method == "GET" else "audio-link"
    response = account.call(method, f"/analysis/{account.accepted()}/{end}")
    assert response.status_code == 404
    assert "not completed" in response.json()["detail"]
