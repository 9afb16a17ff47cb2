import pytest

from callcov.store.db import migrate, open_database


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/callcov.db")
    migrate(database)
    yield database
    database.close()
