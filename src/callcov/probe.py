"""A look at an upload, in a child that holds nothing else: no model, no transcript, little memory to take."""

from callcov.model import Recording
from callcov.speech import decode
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.sealed import Vault

_equipped: list[Blobs] = []


def equip(blobs: str, vault: Vault | None = None) -> None:
    """Prepare this process to look at the objects under that address."""
    _equipped[:] = [open_blobs(blobs, vault)]


def look(key: str) -> Recording:
    """What the object under that key holds. Raises BadRecording and RecordingTooLong as `decode.probe` does."""
    (blobs,) = _equipped
    return decode.probe(blobs.reader(key))
