"""What a server says to whoever starts it."""

import pytest
from serving import Server


@pytest.mark.slow
def test_a_server_without_an_account_explains_how_to_make_one_and_later_no_more(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder)
    server.start()
    server.stop()
    said = server.log.read_text()
    assert "There is no account yet" in said
    assert "users create you@example.com" in said
    assert f"{server.address}/api/v1/auth/register" in said
    server.command("users", "create", "qa@example.com")
    server.start()
    server.stop()
    assert server.log.read_text().count("There is no account yet") == 1
