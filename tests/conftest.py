"""What several rooms' tests share."""

import os
from pathlib import Path

import postgres_server
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["leaks"]

ROOT = Path(__file__).parent.parent

# A busy machine is slow, which is no fault of the code: examples have no time limit. Where a change is let in, the
# examples are the same for the same code; new ones are looked for wherever somebody works on it.
settings.register_profile(
    "callcov", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("callcov")


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """The folder with the fetched models: CALLCOV_MODELS, or `.cache/models` in the repository."""
    folder = Path(os.environ.get("CALLCOV_MODELS") or ROOT / ".cache" / "models")
    if not folder.is_dir():
        pytest.fail(f"there are no models in {folder}: run `make setup`, which fetches them")
    return folder


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the session's own."""
    with postgres_server.running() as server:
        yield server
