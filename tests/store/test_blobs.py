import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap
import wave
from contextlib import aclosing
from datetime import timedelta

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import NOON

from callcov.errors import BadSetting, NotFound
from callcov.store.blobs import open_blobs

MEGABYTE = 1024 * 1024


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder):
    return open_blobs(folder.as_uri())


def files(folder):
    """Everything on the disk, hidden parts of unfinished objects too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def pattern(size):
    """Bytes that tell their place."""
    return b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1))[:size]


def write(blobs, key, parts):
    async def writing():
        async with blobs.writer(key) as writer:
            for part in parts:
                await writer.write(part)

    asyncio.run(writing())


def streamed(blobs, key, start, end):
    async def streaming():
        async with aclosing(blobs.stream(key, start, end)) as parts:
            return b"".join([part async for part in parts])

    return asyncio.run(streaming())


@pytest.mark.parametrize("size", [0, 1, 8 * MEGABYTE, 8 * MEGABYTE + 1, 20 * MEGABYTE])
def test_what_is_written_in_parts_is_read_whole(blobs, folder, size):
    data = pattern(size)
    write(blobs, "recordings/one", [data[place : place + 300_000] for place in range(0, size, 300_000)])
    assert blobs.read("recordings/one") == data
    assert (blobs.size("recordings/one"), blobs.exists("recordings/one")) == (size, True)
    assert files(folder) == ["recordings/one"]


def test_an_object_appears_when_its_writer_ends(blobs):
    async def writing():
        async with blobs.writer("one") as writer:
            await writer.write(b"x" * 20 * MEGABYTE)
            assert not blobs.exists("one")
        assert blobs.exists("one")

    asyncio.run(writing())


@pytest.mark.parametrize("size", [10, 20 * MEGABYTE])
def test_a_writer_that_stops_half_way_leaves_nothing(blobs, folder, size):
    async def writing():
        async with blobs.writer("recordings/one") as writer:
            await writer.write(b"x" * size)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(writing())
    assert files(folder) == []


def test_a_cancelled_writer_leaves_nothing(blobs, folder):
    async def writing(started):
        async with blobs.writer("recordings/one") as writer:
            await writer.write(b"x" * 20 * MEGABYTE)
            started.set()
            await asyncio.sleep(3600)

    async def main():
        started = asyncio.Event()
        task = asyncio.create_task(writing(started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert files(folder) == []


def test_an_interrupted_replacement_leaves_the_first_object(blobs):
    blobs.write("one", b"first")

    async def writing():
        async with blobs.writer("one") as writer:
            await writer.write(b"x" * 20 * MEGABYTE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(writing())
    assert blobs.read("one") == b"first"


def test_a_moved_object_has_the_other_key_only_and_moving_it_again_is_nothing(blobs, folder):
    blobs.write("work/a/masked", b"masked")
    blobs.write("recordings/masked", b"older")
    for _ in range(2):
        blobs.move("work/a/masked", "recordings/masked")
        assert blobs.read("recordings/masked") == b"masked"
        assert files(folder) == ["recordings/masked"]


def test_what_the_writing_block_raises_keeps_its_name(blobs):
    async def writing():
        async with blobs.writer("one"):
            raise FileNotFoundError("elsewhere")

    with pytest.raises(FileNotFoundError, match="elsewhere"):
        asyncio.run(writing())


def test_bytes_and_files_are_stored_and_replaced(blobs):
    blobs.write("work/a/words", b"first")
    blobs.write("work/a/words", io.BytesIO(b"second"))
    assert blobs.read("work/a/words") == b"second"


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_reader_reads_like_a_file(blobs_once, data):
    blobs, content = blobs_once
    plain = io.BytesIO(content)
    with blobs.reader("one") as reader:
        for _ in range(8):
            place = data.draw(st.integers(0, len(content) + 10))
            offset, whence = data.draw(st.sampled_from([(place, 0), (place - len(content), 2)]))
            if whence == 2 and len(content) + offset < 0:
                continue
            assert reader.seek(offset, whence) == plain.seek(offset, whence)
            count = data.draw(st.sampled_from([0, 1, 5, 65_536, 1_500_000, -1]))
            assert reader.read(count) == plain.read(count)
            assert reader.tell() == plain.tell()


@pytest.fixture(scope="module")
def blobs_once(tmp_path_factory):
    blobs, content = open_blobs(tmp_path_factory.mktemp("once").as_uri()), pattern(2 * MEGABYTE + 5)
    blobs.write("one", content)
    return blobs, content


def test_a_reader_has_nothing_before_its_start(blobs):
    blobs.write("one", b"data")
    with blobs.reader("one") as reader, pytest.raises(OSError, match="before"):
        reader.seek(-5, os.SEEK_END)


def test_pyav_decodes_from_a_reader(blobs):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((2, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 2 * 8_000))
    blobs.write("one", file.getvalue())
    with blobs.reader("one") as reader, av.open(reader) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 8_000


@given(bounds=st.tuples(st.integers(0, 3 * MEGABYTE), st.integers(0, 3 * MEGABYTE)).map(sorted))
@settings(max_examples=30, deadline=None)
def test_a_range_is_the_bytes_from_start_up_to_its_end(blobs_once, bounds):
    blobs, content = blobs_once
    assert streamed(blobs, "one", *bounds) == content[slice(*bounds)]


def test_what_is_not_there_is_not_found(blobs):
    for look in (blobs.read, blobs.size, blobs.reader, lambda key: streamed(blobs, key, 0, 1)):
        with pytest.raises(NotFound, match="gone"):
            look("none")
    assert not blobs.exists("none")
    blobs.delete("none")
    blobs.delete_prefix("none/")


def test_a_folder_is_deleted_and_its_neighbours_stay(blobs, folder):
    for key in ("work/a/words", "work/a/more/turns", "work/ab/words", "work/b"):
        blobs.write(key, b"x")
    for number in range(120):
        blobs.write(f"work/a/block-{number}", b"x")
    blobs.delete_prefix("work/a/")
    assert files(folder) == ["work/ab/words", "work/b"]
    assert not (folder / "work" / "a").exists()


def test_what_a_killed_writer_left_is_swept_once_it_is_old(blobs, folder):
    script = """
        import asyncio, os, signal, sys
        from callcov.store.blobs import open_blobs
        async def writing():
            async with open_blobs(sys.argv[1]).writer("recordings/one") as writer:
                for _ in range(4):
                    await writer.write(b"x" * 8 * 1024 * 1024)
                os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(writing())
    """
    blobs.write("recordings/other", b"x")
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script), folder.as_uri()], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = files(folder)
    assert (len(left), blobs.exists("recordings/one")) == (2, False)
    written = max((folder / name).stat().st_mtime for name in left)
    began = NOON.fromtimestamp(written, NOON.tzinfo)
    blobs.sweep(began - timedelta(seconds=60))
    assert files(folder) == left
    blobs.sweep(began + timedelta(seconds=60))
    assert files(folder) == ["recordings/other"]


FILL = """
    import asyncio, io, resource, signal, sys
    from callcov.errors import NoRoom
    from callcov.store.blobs import open_blobs
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    blobs = open_blobs(sys.argv[1])

    async def upload(size):
        async with blobs.writer("recordings/one") as writer:
            for _ in range(size // 1_000_000):
                await writer.write(bytes(1_000_000))

    for store in (
        lambda: asyncio.run(upload(30_000_000)),  # fails while it is written
        lambda: asyncio.run(upload(7_000_000)),  # fails when it ends
        lambda: blobs.write("recordings/one", bytes(7_000_000)),
        lambda: blobs.write("recordings/one", io.BytesIO(bytes(30_000_000))),
    ):
        try:
            store()
        except NoRoom as error:
            print(error)
"""


def fill(folder, limit):
    """What four ways of storing too much say."""
    script = textwrap.dedent(FILL)
    ran = subprocess.run(
        [sys.executable, "-c", script, folder.as_uri(), str(limit)], check=True, capture_output=True, text=True
    )
    return ran.stdout.splitlines()


SAYS = "There is no room left to store recordings; nothing of this one was kept."


def test_a_file_the_system_will_not_let_grow_is_no_room_and_leaves_nothing(folder):
    assert fill(folder, 5_000_000) == [SAYS] * 4
    assert files(folder) == []


def test_a_full_disk_is_no_room_and_leaves_nothing(small_disk):
    assert fill(small_disk / "blobs", 100_000_000) == [SAYS] * 4
    assert files(small_disk) == []


@pytest.mark.parametrize("bad", ["s3://bucket", "relative/folder", "file://host/folder", "/absolute"])
def test_another_kind_of_store_is_refused(bad):
    with pytest.raises(BadSetting, match="file:///absolute/path"):
        open_blobs(bad)


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be used"):
        open_blobs((tmp_path / "file" / "blobs").as_uri())


def test_a_folder_whose_name_needs_escaping_is_found(tmp_path):
    folder = tmp_path / "a b%20ü#1"
    open_blobs(folder.as_uri()).write("one", b"x")
    assert (folder / "one").read_bytes() == b"x"
