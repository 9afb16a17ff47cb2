"""Human telephone prompts with their texts: 90 of the English Asterisk prompts, one voice, recorded at 8 kHz.

They come from two Debian packages, downloaded as files and unpacked, never installed (CC-BY-SA-3.0, Allison Smith).
The rule that chooses them knows nothing of how well they are recognised: of all prompts of one to twenty seconds whose
published text has six words or more and no stage direction, put in the order of their names, every one whose place is
a multiple of count / 90. They are joined, ten at a time, into nine recordings with 0.7 s of silence in between: in
seconds and words as long as the set on which the target was set, whose own choice of prompts is not published. The
limit of twenty seconds came after a first rule without it: that one's set scored 2.99 % when this one's scored 2.22 %.
So the bench also scores every prompt of six words or more, where nothing is chosen.
"""

import gzip
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("asterisk-core-sounds-en-wav", "asterisk-core-sounds-en")
PROMPTS = 90
PER_RECORDING = 10
WORDS = 6  # at least
SECONDS = (1.0, 20.0)
GAP_SECONDS = 0.7
RATE = 8000


class NotHere(Exception):
    """The prompts cannot be had on this machine; the text says why."""


@dataclass(frozen=True)
class Spoken:
    """One recording and the text that is spoken in it."""

    path: Path
    text: str


def recordings(folder: Path, *, every: bool = False) -> list[Spoken]:
    """The nine recordings, made under `folder`; raises NotHere without apt, dpkg or a way to the packages.

    `every` takes all prompts of six words or more, however long, without any choice.
    """
    _fetch(folder)
    chosen = _candidates(folder) if every else _chosen(folder)
    groups = [chosen[at : at + PER_RECORDING] for at in range(0, len(chosen), PER_RECORDING)]
    return [_joined(folder / f"prompts-{place}.wav", group) for place, group in enumerate(groups)]


def _fetch(folder: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NotHere("this machine has no apt-get and dpkg-deb")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    files = [next(folder.glob(f"{name}_*.deb"), None) for name in PACKAGES]
    if done.returncode or None in files:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotHere(f"apt-get download failed: {last}")
    for file in files:
        subprocess.run(["dpkg-deb", "-x", file, folder / "unpacked"], check=True, timeout=60)


def _chosen(folder: Path) -> list[tuple[Path, str]]:
    """The prompts the rule takes, each with its published text."""
    fitting = [candidate for candidate in _candidates(folder) if _fits(candidate[0])]
    return [fitting[place * len(fitting) // PROMPTS] for place in range(PROMPTS)]


def _candidates(folder: Path) -> list[tuple[Path, str]]:
    """All prompts of six words or more without a stage direction, in the order of their names."""
    listing = next(folder.glob("unpacked/usr/share/doc/**/core-sounds-en.txt.gz"))
    sounds = {path.stem: path for path in folder.glob("unpacked/usr/share/asterisk/sounds/*/*.wav")}
    found: list[tuple[Path, str]] = []
    for line in sorted(gzip.decompress(listing.read_bytes()).decode().splitlines()):
        name, _, text = line.partition(": ")
        if name in sounds and len(text.split()) >= WORDS and "[" not in text:
            found.append((sounds[name], text.strip()))
    return found


def _fits(path: Path) -> bool:
    with wave.open(str(path), "rb") as sound:
        return SECONDS[0] <= sound.getnframes() / sound.getframerate() <= SECONDS[1]


def _joined(path: Path, group: list[tuple[Path, str]]) -> Spoken:
    silence = b"\0\0" * round(GAP_SECONDS * RATE)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for place, (sound, _) in enumerate(group):
            with wave.open(str(sound), "rb") as prompt:
                if (prompt.getnchannels(), prompt.getsampwidth(), prompt.getframerate()) != (1, 2, RATE):
                    raise NotHere(f"{sound.name} is not 8 kHz mono with 16 bits")
                out.writeframes((silence if place else b"") + prompt.readframes(prompt.getnframes()))
    return Spoken(path, " ".join(text for _, text in group))
