import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from callcov.auth.secret import accepted, derived, load_secret
from callcov.errors import BadSetting

GIVEN = "0123456789abcdef" * 2
OLD = "fedcba9876543210" * 2


def test_a_secret_that_was_given_is_used_and_nothing_is_written(tmp_path):
    assert load_secret(tmp_path, GIVEN) == GIVEN.encode()
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


@pytest.mark.parametrize("simple", ["x" * 64, "abcdefg" * 9])
def test_a_secret_of_few_different_bytes_is_refused(tmp_path, simple):
    for given, old in ((simple, None), (GIVEN, simple)):
        with pytest.raises(BadSetting, match="too simple"):
            load_secret(tmp_path, given, old)


def test_the_old_secret_is_the_setting_or_the_second_line_of_the_file(tmp_path):
    assert load_secret(tmp_path, GIVEN).old is None
    assert load_secret(tmp_path, GIVEN, OLD).old == OLD.encode()
    (tmp_path / "secret").write_text(f"{GIVEN}\n{OLD}\n")
    secret = load_secret(tmp_path, None)
    assert (secret, secret.old) == (GIVEN.encode(), OLD.encode())
    assert accepted(secret) == (secret, secret.old)
    (tmp_path / "secret").write_text(f"{GIVEN}\n")
    assert accepted(load_secret(tmp_path, None)) == (GIVEN.encode(),)


def test_a_secret_does_not_show_itself(tmp_path):
    secret = load_secret(tmp_path, GIVEN, OLD)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret, {"a": secret.old}])):
        assert "0123" not in shown
        assert "fedc" not in shown


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be read or made"):
        load_secret(tmp_path / "file" / "data", None)


def test_every_purpose_has_its_own_key():
    keys = {derived(b"x" * 32, purpose) for purpose in ("one", "two", "")}
    assert len(keys | {b"x" * 32}) == 4
