"""Word error rate of the speech room on human telephone prompts (see prompts.py), after the Whisper normaliser.

The reference is the published text as it stands, its slips included. The language is given as English. For comparison
the bare engine hears the same recordings, with the same settings and its own voice filter.
"""

import tempfile
from pathlib import Path

import engine
import jiwer
import prompts
from figures import Figure, NotRun
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
            every = [] if short else prompts.recordings(Path(name) / "every", every=True)
        except prompts.NotHere as why:
            return [NotRun("word error rate on telephone prompts", str(why))]
        spoken = spoken[:3] if short else spoken
        references = [normal(one.text) for one in spoken]
        whisper, bare = Whisper(engine.recogniser()), engine.bare()
        ours = _scored(whisper, spoken)
        unchosen = [_of_all(whisper, every)] if every else []
        theirs = jiwer.process_words(
            references, [normal(engine.heard(bare, one.path, language="en")) for one in spoken]
        )
    words = ours.hits + ours.substitutions + ours.deletions
    what = f"word error rate on {words} words of telephone prompts"
    return [
        Figure(what, 100 * ours.wer, "%", at_most=2.5),
        Figure("of these: substituted", ours.substitutions, "words"),
        Figure("of these: left out", ours.deletions, "words"),
        Figure("of these: invented", ours.insertions, "words"),
        Figure("the bare engine on the same recordings", 100 * theirs.wer, "%"),
        *unchosen,
    ]


def _scored(whisper: Whisper, spoken: list[prompts.Spoken]) -> jiwer.WordOutput:
    """What was heard against the published texts, both normalised."""
    normal = EnglishTextNormalizer()
    references = [normal(one.text) for one in spoken]
    return jiwer.process_words(references, [normal(_heard(whisper, one.path)) for one in spoken])


def _of_all(whisper: Whisper, spoken: list[prompts.Spoken]) -> Figure:
    """The error rate where no prompt was chosen."""
    scored = _scored(whisper, spoken)
    words = scored.hits + scored.substitutions + scored.deletions
    return Figure(f"word error rate on every prompt of six words or more, {words} words", 100 * scored.wer, "%")
