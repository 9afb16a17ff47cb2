"""Whatever holds a secret does not show it when it is printed, logged or part of a traceback."""

import re
from dataclasses import fields

from pydantic import SecretStr

from callcov import config
from callcov.api.services import Services
from callcov.auth.secret import Secret
from callcov.language.chat import Chat
from callcov.store.keys import Caller

TELLING = re.compile(r"secret|password|chat_key|master_key|smtp|limits_url")


def test_every_setting_that_is_a_secret_is_kept_as_one():
    kept = {name for name, field in config.Config.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert {name for name in config.Config.model_fields if TELLING.search(name)} >= {"secret", "secret_old", "chat_key"}
    chat = {"chat_url": "http://localhost/v1", "chat_model": "m"}
    values = dict.fromkeys(kept, "hush-hush-0123456789abcdefghijklm") | {"smtp_url": "smtp://me:hush@mail.example.com"}
    others = {"mail_from": "calls@example.com", "limits_url": "redis://:hush@localhost"}
    settings = config.Config.model_validate(chat | values | others)
    assert all(isinstance(getattr(settings, name), SecretStr) for name in values)
    assert "hush" not in repr(settings) + str(settings)


def test_services_and_caller_show_no_secret():
    secret = Secret(b"hush-hush-0123456789abcdefghijklm")
    names = [field.name for field in fields(Services)]
    services = Services(**(dict.fromkeys(names) | {"secret": secret}))
    caller = Caller(*("an id" for _ in fields(Caller)))
    assert "hush" not in f"{services!r}{services}{caller!r}"
    assert not TELLING.search(" ".join(field.name for field in fields(Caller)))
    assert "hush" not in repr(Chat("http://localhost/v1", "m", "hush"))
