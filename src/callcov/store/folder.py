"""A data folder: one installation, with its database, its recordings and its secret."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from callcov.errors import BadSetting
from callcov.store import upkeep
from callcov.store.db import Database, migrate, open_database
from callcov.store.sealed import Vault, is_begun, open_vault

DATABASE = "callcov.db"
"""The file in the folder that holds it all, unless the database is elsewhere."""


def blobs_url(data: Path) -> str:
    """The address of an installation's recordings, for `open_blobs`."""
    return (data / "blobs").as_uri()


def outbox(data: Path) -> Path:
    """Where an installation without a mail server keeps its mail."""
    return data / "outbox"


def keys_folder(data: Path) -> Path:
    """Where the wrapped data keys of an installation lie."""
    return data / "keys"


def vault_of(data: Path, master: str | None) -> Vault | None:
    """The vault of an installation; None when it is not encrypted. Raises BadSetting as `sealed.open_vault`."""
    return open_vault(keys_folder(data), master)


@contextmanager
def installation(data: Path, vault: Vault | None = None, url: str | None = None) -> Generator[Database]:
    """The database of a data folder, made when it is missing and brought up to this version; closed at the end.

    `url` is where the database is, as `db.open_database` says; None is a SQLite file in the folder. Without its vault
    the documents of an encrypted folder cannot be read; a new vault is begun. Raises BadSetting when folder or database
    cannot be used, and when something is encrypted but its keys are not there.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The data folder {data} cannot be used: {error.strerror}.") from error
    database = open_database(f"sqlite:///{data / DATABASE}" if url is None else url, vault, data / "feed")
    try:
        migrate(database)
        if not is_begun(keys_folder(data)):
            _begin(database, keys_folder(data))
        yield database
    finally:
        database.close()


def _begin(database: Database, keys: Path) -> None:
    """Begin the vault, if there is one. With other keys than it had, what is sealed could never be read again."""
    with database.read() as connection:
        if upkeep.is_sealed(connection):
            raise BadSetting(f"What is stored is encrypted, and {keys} does not hold its keys: put that folder back.")
    if database.vault:
        database.vault.begin()
