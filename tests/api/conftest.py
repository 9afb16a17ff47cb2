from itertools import count

import pytest
from api_server import running
from visitor import Visitor

_numbers = count()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One real server for all tests; each has accounts of its own."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def account(server):
    """A new account."""
    return server.account(f"user{next(_numbers)}@example.com")


@pytest.fixture
def other(server):
    """Somebody else's account."""
    return server.account(f"other{next(_numbers)}@example.com")


@pytest.fixture
def visitor(server):
    """Somebody new, without an account."""
    number = next(_numbers)
    return Visitor(server, f"visitor{number}@example.com", f"+1555{number:07}")


@pytest.fixture
def stranger(server):
    """Somebody else, without an account."""
    number = next(_numbers)
    return Visitor(server, f"stranger{number}@example.com", f"+1666{number:07}")


@pytest.fixture
def quiet_server(tmp_path):
    """A server of the test's own, whose limits nobody else has used."""
    with running(tmp_path) as server:
        yield server
