"""A data folder: one installation, with its database, its recordings and its secret."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from callcov.errors import BadSetting
from callcov.store.db import Database, migrate, open_database


def blobs_url(data: Path) -> str:
    """The address of an installation's recordings, for `open_blobs`."""
    return (data / "blobs").as_uri()


def outbox(data: Path) -> Path:
    """Where an installation without a mail server keeps its mail."""
    return data / "outbox"


@contextmanager
def installation(data: Path) -> Generator[Database]:
    """The database of a data folder, made when it is missing and brought up to this version; closed at the end.

    Raises BadSetting when the folder cannot be used.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The data folder {data} cannot be used: {error.strerror}.") from error
    database = open_database(f"sqlite:///{data / 'callcov.db'}")
    try:
        migrate(database)
        yield database
    finally:
        database.close()
