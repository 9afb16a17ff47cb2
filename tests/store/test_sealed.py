"""Encryption at rest: what is sealed is read by its key alone, whole or not at all; what is not stays as it is."""

import asyncio
import io
import pickle
import secrets
from contextlib import aclosing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_samples import LIVE, NOON, change, finished, submission

from callcov.errors import BadSetting, Unreadable
from callcov.store import analyses, belongings, documents, judgements, listing, users
from callcov.store.blobs import open_blobs
from callcov.store.db import migrate, open_database
from callcov.store.sealed import FRAME, HEADER, forget_key, open_vault

OLD = secrets.token_hex(32)
DANA, ERIN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SIZES = st.integers(0, 3 * FRAME) | st.sampled_from([0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 1])
SECRET = b"the customer said this "


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sealed")


@pytest.fixture(scope="module")
def vault(folder):
    return open_vault(folder / "keys", OLD).begin()


@pytest.fixture(scope="module")
def blobs(folder, vault):
    return open_blobs((folder / "blobs").as_uri(), vault).of(DANA)


def content(size):
    return (SECRET * (size // len(SECRET) + 1))[:size]


def stored(folder, key="one"):
    return folder / "blobs" / key


def streamed(blobs, start, end):
    async def streaming():
        async with aclosing(blobs.stream("one", start, end)) as parts:
            return b"".join([part async for part in parts])

    return asyncio.run(streaming())


def written_in_parts(blobs, data, part):
    async def writing():
        async with blobs.writer("one") as writer:
            for place in range(0, len(data), part):
                await writer.write(data[place : place + part])

    asyncio.run(writing())


@settings(max_examples=40)
@given(size=SIZES, part=st.integers(1000, 2 * FRAME), start=st.integers(0, 3 * FRAME), length=st.integers(0, 3 * FRAME))
@example(size=0, part=1, start=0, length=1)
@example(size=2 * FRAME, part=FRAME, start=FRAME, length=FRAME)
def test_what_is_written_in_any_way_is_read_in_any_way_and_its_words_are_not_on_the_disk(
    blobs, folder, size, part, start, length
):
    data = content(size)
    for write in (
        lambda: blobs.write("one", data),
        lambda: blobs.write("one", io.BytesIO(data)),
        lambda: written_in_parts(blobs, data, part),
    ):
        write()
        assert blobs.read("one") == data
        assert blobs.size("one") == size
        assert blobs.exists("one")
        with blobs.reader("one") as file:
            file.seek(start)
            assert file.read(length) == data[start : start + length]
        assert streamed(blobs, start, start + length) == data[start : start + length]
        raw = stored(folder).read_bytes()
        assert SECRET not in raw
        assert len(raw) == HEADER + size + 16 * max(1, -(-size // FRAME))


def test_the_same_bytes_sealed_twice_are_different_bytes(blobs, folder):
    raw = []
    for _ in range(2):
        blobs.write("one", SECRET)
        raw.append(stored(folder).read_bytes())
    assert raw[0][HEADER:] != raw[1][HEADER:]


def frames(raw):
    whole = FRAME + 16
    return raw[:HEADER], [raw[place : place + whole] for place in range(HEADER, len(raw), whole)]


DAMAGE = {
    "the last frame is cut off": lambda head, parts: head + b"".join(parts[:-1]),
    "a part of the last frame is cut off": lambda head, parts: (head + b"".join(parts))[:-1],
    "two frames are exchanged": lambda head, parts: head + parts[1] + parts[0] + parts[2],
    "a frame is left out": lambda head, parts: head + parts[0] + parts[2],
    "a frame comes twice": lambda head, parts: head + parts[0] + b"".join(parts),
    "something is added": lambda head, parts: head + b"".join(parts) + bytes(16),
    "a bit of a frame is changed": lambda head, parts: (
        head + parts[0][:-1] + bytes([parts[0][-1] ^ 1]) + b"".join(parts[1:])
    ),
    "a bit of the salt is changed": lambda head, parts: head[:-1] + bytes([head[-1] ^ 1]) + b"".join(parts),
    "another account is named": lambda head, parts: head[:8] + ERIN.encode() + head[44:] + b"".join(parts),
    "another place is named": lambda head, parts: head[:8] + b"../blobs/one".ljust(36) + head[44:] + b"".join(parts),
    "only the header is left": lambda head, _parts: head,
    "less than the header is left": lambda head, _parts: head[:20],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_object_that_was_altered_is_refused(blobs, folder, vault, damage):
    vault.key_for_writing(ERIN)
    data = content(2 * FRAME + 7)
    blobs.write("one", data)
    stored(folder).write_bytes(DAMAGE[damage](*frames(stored(folder).read_bytes())))
    with pytest.raises(Unreadable, match="cannot be decrypted"):
        blobs.read("one")

    def read_by_parts():
        with blobs.reader("one") as file:
            return file.read()

    with pytest.raises(Unreadable):
        read_by_parts()


def test_a_range_is_read_without_the_frames_that_it_does_not_need(blobs, folder):
    data = content(4 * FRAME)
    blobs.write("one", data)
    head, parts = frames(stored(folder).read_bytes())
    stored(folder).write_bytes(head + bytes(len(parts[0])) + parts[1] + bytes(len(parts[2])) + parts[3])
    assert streamed(blobs, FRAME + 5, 2 * FRAME) == data[FRAME + 5 : 2 * FRAME]
    assert streamed(blobs, 4 * FRAME - 1, 4 * FRAME) == data[-1:]
    with pytest.raises(Unreadable):
        streamed(blobs, FRAME + 5, 2 * FRAME + 1)


def test_what_was_stored_before_there_was_a_key_stays_readable(folder, vault):
    plain = open_blobs((folder / "old").as_uri())
    sealing = open_blobs((folder / "old").as_uri(), vault)
    for key, data in (("one", content(FRAME)), ("empty", b"")):
        plain.write(key, data)
        assert (sealing.read(key), sealing.size(key)) == (data, len(data))
        with sealing.reader(key) as file:
            assert file.read() == data


def test_nothing_is_written_unsealed_by_mistake(folder, vault):
    with pytest.raises(RuntimeError, match="for an account"):
        open_blobs((folder / "blobs").as_uri(), vault).write("one", b"x")


def test_erasing_an_accounts_key_makes_its_objects_unreadable_and_no_others(folder, tmp_path):
    vault = open_vault(tmp_path / "keys", OLD).begin()
    store = open_blobs((folder / "erased").as_uri(), vault)
    for owner in (DANA, ERIN):
        store.of(owner).write(owner, SECRET)
        assert store.read(owner) == SECRET
    forget_key(vault.folder, DANA)
    with pytest.raises(Unreadable):
        store.read(DANA)
    store.of(DANA).write("new", SECRET)
    assert store.read("new") == store.read(ERIN) == SECRET
    with pytest.raises(Unreadable):
        store.read(DANA)


@pytest.mark.parametrize("name", ["../../../../../../../../etc/hostname", "check", "", "\0" * 36])
def test_a_header_names_an_account_and_no_file(folder, vault, name):
    header = b"CALLCOV\x01" + name.encode().ljust(36) + bytes(32)
    open_blobs((folder / "named").as_uri()).write("one", header + content(FRAME))
    store = open_blobs((folder / "named").as_uri(), vault).of(DANA)
    with pytest.raises(Unreadable):
        store.size("one")
    assert not store.seal("one")  # who seals the rest of a folder goes on


def test_what_is_sealed_is_not_served_as_it_is_without_a_vault(folder, blobs):
    blobs.write("one", SECRET)
    plain = open_blobs((folder / "blobs").as_uri())
    for read in (plain.read, plain.size, plain.reader):
        with pytest.raises(BadSetting, match="set CALLCOV_MASTER_KEY"):
            read("one")


def test_a_child_process_reads_with_the_vault_it_is_handed(blobs, vault, folder):
    blobs.write("one", SECRET)
    handed = pickle.loads(pickle.dumps(vault))  # noqa: S301 - our own bytes
    assert open_blobs((folder / "blobs").as_uri(), handed).read("one") == SECRET


@pytest.fixture
def sealing(tmp_path):
    """A database with a vault, an account and a completed analysis."""
    database = open_database(f"sqlite:///{tmp_path}/callcov.db", open_vault(tmp_path / "keys", OLD).begin())
    migrate(database)
    with database.write() as connection:
        user = users.create(connection, "dana@example.com", NOON).id
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
        assert analyses.finish(connection, user, row.id, 1, finished("spoken"))
    yield database, user, row.id
    database.close()


def texts(database, user, one):
    """Every way in which a stored text is read."""
    with database.read() as connection:
        (stored,) = judgements.stored(connection, user, LIVE, [one], whole=True)
        ((_, exported, judged),) = belongings.calls(connection, user, "", 10)
        return {
            "list": listing.page(connection, user, LIVE, analyses.Filters(), 10, 0).items[0].decode(),
            "light list": listing.page(connection, user, LIVE, analyses.Filters(), 10, 0, expand=False)
            .items[0]
            .decode(),
            "full": documents.full(connection, user, LIVE, one),
            "light": documents.light(connection, user, LIVE, one),
            "transcript": documents.transcript(connection, user, LIVE, one),
            "stored": (stored.full, stored.light, stored.transcript, stored.newest.results),
            "judgements": [one.results for one in judgements.of_analysis(connection, user, LIVE, one)],
            "export": (exported, [one["results"] for one in judged]),
        }


def expected(name, *earlier):
    full, light = f'{{"full":"{name}"}}', f'{{"light":"{name}"}}'
    results = [f'{{"results":"{one}"}}' for one in (*earlier, name)]
    return {
        "list": full,
        "light list": light,
        "full": full,
        "light": light,
        "transcript": '{"transcript":"spoken"}',
        "stored": (full, light, '{"transcript":"spoken"}', results[-1]),
        "judgements": results,
        "export": (full, results),
    }


def on_disk(tmp_path):
    return b"".join(path.read_bytes() for path in tmp_path.glob("callcov.db*"))


def test_documents_and_judgements_are_sealed_on_the_disk_and_read_as_they_were(sealing, tmp_path):
    database, user, one = sealing
    assert texts(database, user, one) == expected("spoken")
    with database.write() as connection:
        row = analyses.get(connection, user, LIVE, one)
        assert judgements.replace(connection, user, LIVE, [change(row, "again")])
    assert texts(database, user, one) == expected("again", "spoken")
    assert b'"spoken"' not in on_disk(tmp_path)
    assert b'"again"' not in on_disk(tmp_path)
    assert one.encode() in on_disk(tmp_path)


def test_a_text_in_anothers_place_or_without_its_key_is_refused(sealing, tmp_path):
    database, user, one = sealing
    with database.write() as connection:
        connection.exec_driver_sql('UPDATE documents SET light = "full"')
    with database.read() as connection, pytest.raises(Unreadable):
        documents.light(connection, user, LIVE, one)
    keyless = open_database(f"sqlite:///{tmp_path}/callcov.db")
    with keyless.read() as connection, pytest.raises(BadSetting, match="set CALLCOV_MASTER_KEY"):
        documents.full(connection, user, LIVE, one)
    keyless.close()
    forget_key(database.vault.folder, user)
    with database.read() as connection, pytest.raises(Unreadable):
        documents.full(connection, user, LIVE, one)


def test_documents_from_before_there_was_a_key_are_read_and_sealed_when_they_change(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/callcov.db")
    migrate(database)
    with database.write() as connection:
        user = users.create(connection, "dana@example.com", NOON).id
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
        assert analyses.finish(connection, user, row.id, 1, finished("spoken"))
    database.close()
    database = open_database(f"sqlite:///{tmp_path}/callcov.db", open_vault(tmp_path / "keys", OLD).begin())
    assert texts(database, user, row.id) == expected("spoken")
    with database.write() as connection:
        row = analyses.get(connection, user, LIVE, row.id)
        judgements.replace(connection, user, LIVE, [change(row, "again")])
    assert texts(database, user, row.id) == expected("again", "spoken")
    assert b'"again"' not in on_disk(tmp_path)
    database.close()
