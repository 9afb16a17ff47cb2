"""Where a verified model is. A model that is missing or altered is an error that says what to run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from callcov.errors import ModelAltered, ModelMissing, ModelUnavailable
from callcov.models.catalogue import File, Model, model, names

HUB = "hub"
"""The folder beside the catalogue's models that holds what was taken from a hub by name."""

_SIZES = {"tiny.en": "whisper-tiny.en", "base": "whisper-base"}


def locate(folder: Path, name: str) -> Path:
    """The folder of the catalogue's model `name` under `folder`, every file of it just verified by SHA-256.

    Raises ModelMissing or ModelAltered naming the file and the command that mends it, ModelUnavailable for a name
    that is not in the catalogue.
    """
    entry = known(name)
    for file in entry.files:
        _check(folder / name / file.name, file, entry)
    return folder / name


def verify(folder: Path, wanted: Iterable[str]) -> None:
    """Verify every file of those models; silent when all is right, otherwise raises as `locate` does."""
    for name in wanted:
        locate(folder, name)


def whisper(folder: Path, name: str) -> Path:
    """The folder of the speech model that `--model NAME` means, for faster-whisper to load; no network is used.

    `tiny.en` and `base` are the catalogue's, verified. A path is a local folder with a `model.bin` and is taken as it
    is. Anything else is a faster-whisper size or a hub repository, which `callcov models fetch NAME` must have
    brought. Raises ModelMissing or ModelAltered, or ModelUnavailable for a name nobody knows.
    """
    if name in _SIZES or name in _SIZES.values():
        return locate(folder, _SIZES.get(name, name))
    if Path(name).is_dir() or looks_like_path(name):
        return _local(Path(name))
    return _from_hub(folder, name)


def known(name: str) -> Model:
    """The catalogue's model of that name; raises ModelUnavailable listing the names there are."""
    entry = model(name)
    if entry is None:
        raise ModelUnavailable(f"There is no model {name!r} in the catalogue; it has {', '.join(names())}.")
    return entry


def is_right(path: Path, file: File) -> bool:
    """Whether the file exists and is the catalogue's, by size and SHA-256."""
    return path.is_file() and path.stat().st_size == file.size and digest(path) == file.sha256


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def looks_like_path(name: str) -> bool:
    """Whether a model was named by a path rather than by a size or as `owner/name`."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name


def _check(path: Path, file: File, entry: Model) -> None:
    mend = f"run `callcov models fetch {entry.name}`"
    if not path.is_file():
        raise ModelMissing(f"The file {file.name} of the model {entry.name} is not in {path.parent}; {mend}.")
    if not is_right(path, file):
        raise ModelAltered(
            f"The file {path} of the model {entry.name} is not the published one (its SHA-256 differs); {mend}."
        )


def _local(path: Path) -> Path:
    path = path.expanduser()
    if not (path / "model.bin").is_file():
        raise ModelMissing(
            f"The folder {path} holds no model.bin, so it is no faster-whisper model; "
            "name a folder with one, or one of: tiny.en, base, a hub repository."
        )
    return path


def _from_hub(folder: Path, name: str) -> Path:
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415 - seldom needed

    engine = import_module("faster_whisper.utils")  # loads the whole engine, which few callers need
    try:
        path = Path(engine.download_model(name, local_files_only=True, cache_dir=str(folder / HUB)))
    except LocalEntryNotFoundError as error:
        raise ModelMissing(f"The model {name} has not been fetched; run `callcov models fetch {name}`.") from error
    except (ValueError, HFValidationError) as error:
        raise ModelUnavailable(
            f"{name!r} is no speech model: use tiny.en, base, a folder, or a hub repository as owner/name."
        ) from error
    if not (path / "model.bin").is_file():
        raise ModelMissing(f"The model {name} was fetched only in part; run `callcov models fetch {name}`.")
    return path
