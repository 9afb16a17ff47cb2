"""Facts about settings: read once, checked, and none misspelt."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from callcov.config import read
from callcov.errors import BadSetting


def test_an_empty_environment_gives_the_defaults():
    config = read({})
    assert config.model == "base"
    assert config.workers >= 1
    assert config.data.is_absolute()
    assert config.public_url is None


def test_a_variable_is_read_and_the_command_line_wins():
    assert read({"CALLCOV_WORKERS": "3"}).workers == 3
    assert read({"CALLCOV_WORKERS": "3"}, workers=5).workers == 5
    assert read({"CALLCOV_WORKERS": "3"}, workers=None).workers == 3


def test_what_is_not_ours_is_not_read():
    assert read({"PATH": "/bin", "OTHER_WORKERS": "x"}) == read({})


@pytest.mark.parametrize("rate", ["off", "100/minute", "5/second", "1000/hour", "9/day"])
def test_a_rate_is_so_many_a_unit_of_time_or_off(rate):
    assert read({"CALLCOV_RATE_LIMIT": rate}).rate_limit == rate
    assert (read({}).rate_limit, read({}).submit_rate_limit) == ("100/minute", "20/minute")


def test_networks_are_a_list_with_commas():
    assert read({"CALLCOV_WEBHOOK_ALLOW": "127.0.0.0/8, fd00::/8"}).webhook_allow == (
        ip_network("127.0.0.0/8"),
        ip_network("fd00::/8"),
    )


def test_a_public_address_loses_its_slash_and_a_home_is_found():
    config = read({"CALLCOV_PUBLIC_URL": "https://calls.example.com/", "CALLCOV_DATA": "~/calls"})
    assert config.public_url == "https://calls.example.com"
    assert config.data == Path.home() / "calls"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CALLCOV_WORKRS", "3", "did you mean CALLCOV_WORKERS"),
        ("CALLCOV_ZZZ", "3", "no setting CALLCOV_ZZZ"),
        ("CALLCOV_WORKERS", "0", "CALLCOV_WORKERS cannot be used"),
        ("CALLCOV_WORKERS", "many", "CALLCOV_WORKERS cannot be used"),
        ("CALLCOV_MODEL", "", "CALLCOV_MODEL cannot be used"),
        ("CALLCOV_DATA", "", "CALLCOV_DATA cannot be used.*it is empty"),
        ("CALLCOV_DATA", "  ", "CALLCOV_DATA cannot be used.*it is empty"),
        ("CALLCOV_MODELS", "", "CALLCOV_MODELS cannot be used.*it is empty"),
        ("CALLCOV_MASTER_KEY", "", "CALLCOV_MASTER_KEY cannot be used.*it is empty"),
        ("CALLCOV_NEW_MASTER_KEY", "", "CALLCOV_NEW_MASTER_KEY cannot be used.*it is empty"),
        ("CALLCOV_SECRET", "", "CALLCOV_SECRET cannot be used.*it is empty"),
        ("CALLCOV_SECRET_OLD", "", "CALLCOV_SECRET_OLD cannot be used.*it is empty"),
        ("CALLCOV_CHAT_KEY", "", "CALLCOV_CHAT_KEY cannot be used.*it is empty"),
        ("CALLCOV_PUBLIC_URL", "calls.example.com", "CALLCOV_PUBLIC_URL cannot be used"),
        ("CALLCOV_WEBHOOK_ALLOW", "everything", "CALLCOV_WEBHOOK_ALLOW cannot be used"),
        ("CALLCOV_RATE_LIMIT", "0/minute", "CALLCOV_RATE_LIMIT cannot be used"),
        ("CALLCOV_RATE_LIMIT", "100", "CALLCOV_RATE_LIMIT cannot be used"),
        ("CALLCOV_SUBMIT_RATE_LIMIT", "20/fortnight", "CALLCOV_SUBMIT_RATE_LIMIT cannot be used"),
        ("CALLCOV_LIMITS_URL", "memcached://localhost", "CALLCOV_LIMITS_URL cannot be used"),
        ("CALLCOV_LOG_LEVEL", "loud", "CALLCOV_LOG_LEVEL cannot be used"),
        ("CALLCOV_CHAT_URL", "chat.example.com/v1", "CALLCOV_CHAT_URL cannot be used"),
        ("CALLCOV_CHAT_URL", "http://localhost:1/v1", "CALLCOV_CHAT_MODEL cannot be used.*set together"),
        ("CALLCOV_SMTP_URL", "mail.example.com", "CALLCOV_SMTP_URL cannot be used.*it looks like smtp://"),
        ("CALLCOV_SMTP_URL", "smtp://mail.example.com:many", "CALLCOV_SMTP_URL cannot be used"),
        ("CALLCOV_SMTP_URL", "smtp://mail.example.com", "CALLCOV_MAIL_FROM cannot be used.*set together"),
        ("CALLCOV_MAIL_FROM", "calls@example.com", "CALLCOV_MAIL_FROM cannot be used.*set together"),
        ("CALLCOV_MAIL_FROM", "calls", "CALLCOV_MAIL_FROM cannot be used"),
        ("CALLCOV_CHAT_MODEL", "small-model", "CALLCOV_CHAT_MODEL cannot be used.*set together"),
    ],
)
def test_a_misspelt_or_unusable_setting_stops_the_program_and_says_which(variable, value, says):
    with pytest.raises(BadSetting, match=says):
        read({variable: value})


def test_a_secret_is_not_shown():
    assert "hunter2" not in repr(read({"CALLCOV_SECRET": "hunter2" * 6}))
    mail = {"CALLCOV_SMTP_URL": "smtps://u:hunter2@mail.example.com", "CALLCOV_MAIL_FROM": "calls@example.com"}
    assert "hunter2" not in repr(read(mail))
    assert read(mail).mail_from == "calls@example.com"
    chat = {"CALLCOV_CHAT_URL": "http://localhost:1/v1/", "CALLCOV_CHAT_MODEL": "m", "CALLCOV_CHAT_KEY": "hunter2"}
    assert "hunter2" not in repr(read(chat))
    assert read(chat).chat_url == "http://localhost:1/v1"
