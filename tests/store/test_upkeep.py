"""What the worker asks every hour of all accounts at once."""

import pytest
from store_samples import NOON, SQLITE, plans

from callcov.store import figures, retention, upkeep

ASKED = {
    "unfinished": upkeep.unfinished,
    "named": lambda connection: upkeep.named(connection, ["recordings/a", "masked/b", "vectors/c"]),
    "gone": lambda connection: upkeep.gone(connection, ["a", "b"]),
    "not counted": lambda connection: figures.missing(connection, 100),
    "due": lambda connection: retention.due(connection, NOON, 100),
}


@SQLITE
@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("name", ASKED)
def test_no_question_of_the_hour_reads_every_analysis(database, name):
    """Of ten million that takes half a minute, at every start too, before anything is answered."""
    with database.read() as connection:
        steps = plans(connection, lambda: ASKED[name](connection))
    assert any("analyses" in step for step in steps)
    scanned = {step for step in steps if step.startswith("SCAN")}
    assert scanned <= {"SCAN users", "SCAN uncounted", "SCAN analyses USING INDEX ix_analyses_processing"}
