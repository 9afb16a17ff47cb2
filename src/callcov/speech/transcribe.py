"""What a recogniser does, whichever engine does it: one block's sound in, words with times and confidence out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcov.model import Span, Word
from callcov.speech.decode import Samples


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of a block, in order of time; `language` is the ISO 639-1 code they were recognised in."""

    words: tuple[Word, ...]
    language: str


class Transcriber(Protocol):
    """A recogniser. The same block gives the same words on the same kind of machine."""

    def transcribe(self, samples: Samples, offset: float, speech: Sequence[Span], language: str | None) -> Heard:
        """Recognise a block.

        Args:
            samples: float32 [n] at 16 kHz.
            offset: seconds of the recording at which the block begins.
            speech: voice activity in seconds of the recording; only this is listened to. Others' blocks may be in it.
            language: ISO 639-1 code, or None to find out.

        Returns:
            Words inside the block, times in seconds of the recording; none where there is no speech.
        """
        ...
