"""Word error rate of the speech room on human telephone prompts (see prompts.py), after the Whisper normaliser.

The reference is the published text as it stands, its slips included. The language is given as English.
"""

import tempfile
from pathlib import Path

import jiwer
import prompts
from figures import Figure, NotRun
from weights import recogniser
from whisper_normalizer.english import EnglishTextNormalizer

from callcov.speech.decode import load_block
from callcov.speech.survey import survey
from callcov.speech.whisper import Whisper


def _heard(whisper: Whisper, path: Path) -> str:
    """What our own speech room hears in a recording with one channel: survey, blocks, words."""
    with path.open("rb") as file:
        seen = survey(file)
        words = [
            word.text
            for block in seen.blocks
            for word in whisper.transcribe(
                load_block(file, block.channel, block.span), block.span.start, seen.speech[0], "en"
            ).words
        ]
    return " ".join(words)


def measure(*, short: bool) -> list[Figure | NotRun]:
    """The error rate over all nine recordings together, three in the short form."""
    normal = EnglishTextNormalizer()
    with tempfile.TemporaryDirectory() as name:
        try:
            spoken = prompts.recordings(Path(name))
        except prompts.NotHere as why:
            return [NotRun("word error rate on telephone prompts", str(why))]
        spoken = spoken[:3] if short else spoken
        whisper = Whisper(recogniser())
        counted = jiwer.process_words(
            [normal(one.text) for one in spoken], [normal(_heard(whisper, one.path)) for one in spoken]
        )
    words = counted.hits + counted.substitutions + counted.deletions
    what = f"word error rate on {words} words of telephone prompts"
    return [
        Figure(what, 100 * counted.wer, "%", at_most=2.5),
        Figure("of these: substituted", counted.substitutions, "words"),
        Figure("of these: left out", counted.deletions, "words"),
        Figure("of these: invented", counted.insertions, "words"),
    ]
