import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from callcov.auth.secret import derived, load_secret
from callcov.errors import BadSetting


def test_a_secret_that_was_given_is_used_and_nothing_is_written(tmp_path):
    assert load_secret(tmp_path, "x" * 32) == b"x" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    folder = tmp_path / "new"
    secret = load_secret(folder, None)
    assert len(secret) >= 32
    assert load_secret(folder, None) == secret
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600


def test_every_server_makes_another_secret(tmp_path):
    assert len({load_secret(tmp_path / str(number), None) for number in range(10)}) == 10


def test_those_who_start_at_once_agree_on_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: load_secret(tmp_path, None), range(64)))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("weak", ["", "secret", "x" * 31])
def test_a_short_secret_is_refused(tmp_path, weak):
    with pytest.raises(BadSetting, match="at least 32"):
        load_secret(tmp_path, weak)
    (tmp_path / "secret").write_text(weak + "\n")
    with pytest.raises(BadSetting, match="at least 32"):
        load_secret(tmp_path, None)


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be read or made"):
        load_secret(tmp_path / "file" / "data", None)


def test_every_purpose_has_its_own_key():
    keys = {derived(b"x" * 32, purpose) for purpose in ("one", "two", "")}
    assert len(keys | {b"x" * 32}) == 4
