"""What the tests of the understand stage share."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from callcov.language.encoder import Encoder
from callcov.model import Segment, Span, Transcript, Word


@pytest.fixture(scope="session")
def encoder(models_folder) -> Encoder:
    return Encoder(models_folder / "minilm")


@pytest.fixture(scope="session")
def encoder_tokens(models_folder) -> Tokenizer:
    return Tokenizer.from_file(str(models_folder / "minilm" / "tokenizer.json"))


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def said():
    """A call from lines such as `A good morning`; each word takes 0.3 s, half a second between segments."""

    def build(*lines: str, language: str = "en", pause: float = 0.5) -> Transcript:
        time, segments = 0.0, []
        for line in lines:
            speaker, *texts = line.split()
            words = []
            for text in texts:
                words.append(Word(text, Span(round(time, 3), round(time + 0.3, 3))))
                time += 0.3
            segments.append(Segment(speaker, tuple(words)))
            time += pause
        return Transcript(tuple(segments), duration=time, language=language)

    return build
