import pytest
from feed_model import ROWS, PlainLists

from callcov.feed.feeds import Feeds


@pytest.fixture
def made(tmp_path):
    """Makes Feeds over lists in plain Python, by account; closed at the end."""
    open_ones = []

    def make(lists, folder=tmp_path / "feed", **given):
        open_ones.append(Feeds(PlainLists(lists), folder, **{"short": 20, "rows": ROWS, "few": 2, **given}))
        return open_ones[-1]

    yield make
    for feeds in open_ones:
        feeds.close()
