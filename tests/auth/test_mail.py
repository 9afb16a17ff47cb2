"""Mail: by a real mail server on loopback, or into a folder."""

import os
import stat
import threading
import time
from pathlib import Path

import leaks
import pytest
import structlog
from smtp_server import MailServer

from callcov.auth import mail
from callcov.auth.mail import Letter, Outbox, Post, Smtp

LETTER = Letter("dana@example.com", "Ein Gruß", "Code: abc\nschön\n")
CERTIFICATE = Path(__file__).parents[1] / "deliver" / "receiver.pem"


def sent(carrier, *letters):
    """Sends them and waits; gives what the log said."""
    post = Post(carrier, "callcov@example.com", "https://calls.example.com")
    with leaks.captured() as lines:
        for letter in letters:
            post.send(letter)
        post.close()
    return lines


def test_a_letter_arrives_at_its_reader_alone():
    with MailServer() as server:
        assert sent(Smtp.at(f"smtp://127.0.0.1:{server.port}"), LETTER) == []
    ((sender, recipients, message),) = server.got
    assert (sender, recipients) == ("callcov@example.com", ["dana@example.com"])
    assert (message["To"], message["Subject"]) == (LETTER.to, LETTER.subject)
    assert message.get_content().splitlines() == LETTER.text.splitlines()
    assert message["Date"]
    assert message["Message-ID"]
    assert server.passwords == []


def test_an_address_that_is_no_ascii_arrives_too():
    with MailServer() as server:
        assert sent(Smtp.at(f"smtp://127.0.0.1:{server.port}"), Letter("jürgen@bücher.example", "s", "t")) == []
    assert server.got[0][1] == ["jürgen@bücher.example"]


def test_the_password_of_the_address_logs_in_and_is_shown_nowhere():
    with MailServer() as server:
        leaks.secret("a mail server's password", "p@ss/word")
        carrier = Smtp.at(f"smtp://callcov:p%40ss%2Fword@127.0.0.1:{server.port}")
        assert sent(carrier, LETTER) == []
    assert server.passwords == ["\0callcov\0p@ss/word"]
    assert "p@ss" not in repr(carrier)


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing():
    with MailServer(CERTIFICATE) as server:
        (line,) = sent(Smtp.at(f"smtp://u:p@127.0.0.1:{server.port}"), LETTER)
    assert line["event"] == "mail not sent"
    assert line["reason"] == "SSLCertVerificationError"
    assert (server.got, server.passwords, server.encrypted) == ([], [], False)


def test_a_password_is_not_sent_in_the_open():
    """To an address that is not known to be this machine, though it leads here."""
    with MailServer(host="127.0.0.2") as server:
        (line,) = sent(Smtp.at(f"smtp://u:p@127.0.0.2:{server.port}"), LETTER)
    assert line["reason"] == "SMTPNotSupportedError"
    assert server.passwords == []


def test_the_log_says_why_a_mail_was_not_sent_and_not_to_whom():
    with MailServer(refuses=True) as server, structlog.contextvars.bound_contextvars(request_id="req_1"):
        (line,) = sent(Smtp.at(f"smtp://127.0.0.1:{server.port}"), LETTER)
    assert (line["log_level"], line["reason"], line["request_id"]) == ("error", "SMTPRecipientsRefused", "req_1")
    assert "dana" not in str(line)
    (line,) = sent(Smtp.at(f"smtp://127.0.0.1:{server.port}"), LETTER)
    assert line["reason"] == "ConnectionRefusedError"


def test_one_mail_that_fails_does_not_stop_the_next(tmp_path):
    class Broken(Outbox):
        def carry(self, message):
            if message["To"] == "broken@example.com":
                raise RuntimeError(message["To"])
            super().carry(message)

    (line,) = sent(Broken(tmp_path), Letter("broken@example.com", "s", "t"), LETTER)
    assert line["reason"] == "RuntimeError"
    assert [message["To"] for message in Outbox(tmp_path).messages()] == ["dana@example.com"]


def test_more_than_a_thousand_do_not_wait(tmp_path):
    gate, post = threading.Event(), Post(Outbox(tmp_path), "a@b", "")
    post.later(lambda: gate.wait(30) and None)
    with leaks.captured() as lines:
        for _ in range(1100):
            post.later(lambda: None)
        gate.set()
        post.close()
    assert [line["reason"] for line in lines] == ["too many wait"] * 101


def test_the_outbox_is_its_owners_alone_and_in_order(tmp_path):
    box = Outbox(tmp_path / "outbox")
    assert list(box.messages()) == []
    assert (
        sent(box, *(Letter("jürgen@bücher.example", f"No. {number} ß", "ä" * 300 + "\n") for number in range(5))) == []
    )
    assert [message["Subject"] for message in box.messages()] == [f"No. {number} ß" for number in range(5)]
    assert {message["To"] for message in box.messages()} == {"jürgen@bücher.example"}
    assert {message.get_content() for message in box.messages()} == {"ä" * 300 + "\n"}
    assert stat.S_IMODE(box.folder.stat().st_mode) == 0o700
    files = list(box.folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {file.suffix for file in files} == {".eml"}


def test_the_outbox_keeps_a_day(tmp_path):
    box = Outbox(tmp_path)
    sent(box, LETTER, LETTER)
    old = min(tmp_path.iterdir())
    os.utime(old, (time.time() - 90_000,) * 2)
    sent(box, LETTER)
    assert len(list(box.messages())) == 2
    assert not old.exists()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, False, None)),
        ("smtps://mail.example.com", ("mail.example.com", 465, True, None)),
        ("smtps://u@mail.example.com:2525/", ("mail.example.com", 2525, True, "u")),
        ("smtp://u:p@[::1]:25", ("::1", 25, False, "u")),
    ],
)
def test_an_address_names_host_port_and_user(url, where):
    found = Smtp.at(url)
    assert (found.host, found.port, found.encrypted, found.user) == where


def test_letters_hold_the_link_and_the_code():
    for letter in (
        mail.verification("https://x.example", "a@b.c", "CODE"),
        mail.reset("https://x.example", "a@b.c", "CODE"),
    ):
        assert "token=CODE\n" in letter.text
        assert "\nCode: CODE\n" in letter.text
        assert "15 minutes" in letter.text
