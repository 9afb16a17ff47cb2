"""Where the benchmarks find the models: where `callcov` itself would."""

import os
from pathlib import Path

from callcov import config
from callcov.models import locate


def recogniser() -> Path:
    """The folder of the default recogniser, verified; raises ModelMissing with the command that mends it."""
    settings = config.read(os.environ)
    return locate.whisper(settings.models, settings.model)
