"""The keys of an encrypted folder: a data key an account under one master key, which can be changed, missing or wrong."""

import base64
import secrets
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import LIVE, NOON, finished, submission

from callcov.errors import BadSetting
from callcov.store import analyses, documents, users
from callcov.store.folder import installation
from callcov.store.sealed import Vault, forget_key, master_key, open_vault, rotate

OLD, NEW = secrets.token_hex(32), base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
DANA, ERIN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def test_no_key_is_shown_or_readable_by_others(tmp_path):
    folder = tmp_path / "keys"
    vault = open_vault(folder, OLD).begin()
    assert "master" not in repr(vault)
    assert OLD not in repr(vault)
    vault.key_for_writing(DANA)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert vault.key(DANA) not in b"".join(path.read_bytes() for path in folder.iterdir())


@given(st.binary(min_size=32, max_size=32).filter(lambda key: len(set(key)) >= 16))
def test_a_master_key_is_taken_as_hexadecimal_and_as_either_base64(key):
    for text in (key.hex(), base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")):
        assert master_key(text) == key


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "0" * 64,
        "ab" * 32,
        "password" * 8,
        "A" * 43 + "=",
        secrets.token_hex(31),
        OLD + "00",
        "é" * 64,
        "\0" * 32,
    ],
    ids=lambda bad: f"of {len(bad)}",
)
def test_a_weak_or_malformed_master_key_is_refused_without_repeating_it(bad, tmp_path):
    with pytest.raises(BadSetting, match="openssl rand") as refused:
        open_vault(tmp_path / "keys", bad)
    assert len(bad) < 2 or bad not in str(refused.value)
    assert not (tmp_path / "keys").exists()


def test_a_folder_is_opened_by_its_own_master_key_only(tmp_path):
    assert open_vault(tmp_path / "keys", None) is None
    assert isinstance(open_vault(tmp_path / "keys", OLD).begin(), Vault)
    with pytest.raises(BadSetting, match="not the key"):
        open_vault(tmp_path / "keys", NEW)
    with pytest.raises(BadSetting, match="set CALLCOV_MASTER_KEY"):
        open_vault(tmp_path / "keys", None)


def test_another_master_key_opens_what_the_old_one_sealed_and_the_old_one_no_more(tmp_path):
    vault = open_vault(tmp_path / "keys", OLD).begin()
    keys = {owner: vault.key_for_writing(owner) for owner in (DANA, ERIN)}
    assert rotate(tmp_path / "keys", OLD, NEW) == 2
    fresh = open_vault(tmp_path / "keys", NEW)
    assert {owner: fresh.key(owner) for owner in keys} == keys
    with pytest.raises(BadSetting, match="not the key"):
        open_vault(tmp_path / "keys", OLD)
    assert rotate(tmp_path / "keys", OLD, NEW) == 2  # again is no harm


def test_a_change_of_the_master_key_that_was_cut_off_is_told_and_goes_on(tmp_path):
    folder = tmp_path / "keys"
    vault = open_vault(folder, OLD).begin()
    keys = {owner: vault.key_for_writing(owner) for owner in (DANA, ERIN)}
    before = {path: path.read_bytes() for path in folder.iterdir()}
    rotate(folder, OLD, NEW)
    (folder / "rotating").touch()
    (folder / ERIN).write_bytes(before[folder / ERIN])  # as if it had been killed before this one
    for key in (OLD, NEW, None):
        with pytest.raises(BadSetting, match="callcov rotate-key"):
            open_vault(folder, key)
    assert rotate(folder, OLD, NEW) == 2
    assert {owner: open_vault(folder, NEW).key(owner) for owner in keys} == keys


def test_no_draft_of_a_data_key_outlives_the_change_of_the_master_key_or_its_account(tmp_path):
    folder = tmp_path / "keys"
    vault = open_vault(folder, OLD).begin()
    for owner in (DANA, ERIN):
        vault.key_for_writing(owner)
        (folder / f"{owner}.0011223344556677").write_bytes((folder / owner).read_bytes())  # of who was killed
    forget_key(folder, DANA)
    assert {path.name for path in folder.iterdir()} == {"check", ERIN, f"{ERIN}.0011223344556677"}
    assert rotate(folder, OLD, NEW) == 1
    assert {path.name for path in folder.iterdir()} == {"check", ERIN}


def test_a_change_of_the_master_key_lets_other_files_alone_and_is_one(tmp_path):
    folder = tmp_path / "keys"
    open_vault(folder, OLD).begin().key_for_writing(DANA)
    (folder / "lost+found").mkdir()
    (folder / "README").write_text("whose keys these are")
    assert rotate(folder, OLD, NEW) == 1
    assert (folder / "README").read_text() == "whose keys these are"
    with pytest.raises(BadSetting, match="the same as the one of now"):
        rotate(folder, NEW, NEW)


def test_a_wrong_key_changes_nothing(tmp_path):
    vault = open_vault(tmp_path / "keys", OLD).begin()
    key = vault.key_for_writing(DANA)
    with pytest.raises(BadSetting, match="not the key"):
        rotate(tmp_path / "keys", NEW, secrets.token_hex(32))
    assert open_vault(tmp_path / "keys", OLD).key(DANA) == key
    with pytest.raises(BadSetting, match="not encrypted"):
        rotate(tmp_path / "none", OLD, NEW)


@pytest.mark.parametrize("master", [OLD, NEW, None], ids=["its key", "another key", "no key"])
def test_what_is_sealed_is_not_gone_on_with_while_its_keys_are_missing(tmp_path, master):
    with installation(tmp_path, open_vault(tmp_path / "keys", OLD)) as database, database.write() as connection:
        user = users.create(connection, "dana@example.com", NOON).id
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
        assert analyses.finish(connection, user, row.id, 1, finished("spoken"))
    (tmp_path / "keys").rename(tmp_path / "mislaid")
    with (
        pytest.raises(BadSetting, match="put that folder back"),
        installation(tmp_path, open_vault(tmp_path / "keys", master)),
    ):
        pass
    assert not (tmp_path / "keys").exists()
    (tmp_path / "mislaid").rename(tmp_path / "keys")
    with installation(tmp_path, open_vault(tmp_path / "keys", OLD)) as database, database.read() as connection:
        assert documents.full(connection, user, LIVE, row.id) == '{"full":"spoken"}'
