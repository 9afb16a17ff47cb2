"""Make the project's environment: a virtual environment, uv from the locked file, then everything else by uv.

usage: make_env.py FOLDER REQUIREMENTS

Needs Python 3.11 or newer and the package index, nothing else. Every file is checked against its hash.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path


def locked(requirements: str, name: str) -> str:
    """The lines of one package in a locked file: its pin, the hashes behind it."""
    lines = requirements.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next(place for place in range(start, len(lines)) if not lines[place].endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def main(folder: str, requirements: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 this script is what tells a user of an older Python
        sys.exit(f"CallCov needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try `make PYTHON=python3.12`.")
    try:
        venv.create(folder, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("This Python cannot make virtual environments; on Debian install the package python3-venv.")
    python = str(Path(folder) / "bin" / "python")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pin:
        pin.write(locked(Path(requirements).read_text(encoding="utf-8"), "uv"))
        pin.flush()
        pip = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install", "--require-hashes", "-r", pin.name]
        subprocess.run(pip, check=True)
    uv = [python, "-m", "uv", "pip"]
    subprocess.run([*uv, "install", "-q", "--python", python, "--require-hashes", "-r", requirements], check=True)
    own = [*uv, "install", "-q", "--python", python, "--no-deps", "--no-build-isolation", "-e", "."]
    subprocess.run(own, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
