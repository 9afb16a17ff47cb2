"""Mail: by SMTP where that is set up, otherwise into an outbox folder, so that everything works on a laptop.

Mail is sent in the background: who asks for a password reset must not learn from the time whether there is an account.
A mail that cannot be sent is told in the log and not tried again; its reader asks for another.
"""

from __future__ import annotations

import os
import secrets
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from email.utils import formatdate, make_msgid
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import structlog

_log = structlog.stdlib.get_logger()
_TIMEOUT = 30.0
_MOST_WAITING = 1000
_KEPT_SECONDS = 24 * 3600
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: to whom, about what, in plain text. The text may hold a code, so it is never shown."""

    to: str
    subject: str
    text: str = field(repr=False)


def verification(base: str, email: str, code: str) -> Letter:
    """The mail that proves an email is its owner's; `base` is the server's public address."""
    return Letter(
        email,
        "Verify your email for CallCov",
        f"Welcome to CallCov. Please verify your email within 15 minutes:\n\n"
        f"{base}/verify-email?token={code}\n\n"
        f"or send this code to POST {base}/api/v1/auth/verify-email:\n\nCode: {code}\n\n"
        "If you did not register, there is nothing to do.\n",
    )


def reset(base: str, email: str, code: str) -> Letter:
    """The mail with which a password is set anew; `base` is the server's public address."""
    return Letter(
        email,
        "Reset your CallCov password",
        f"A new password was asked for. To set it, within 15 minutes:\n\n"
        f"{base}/reset-password-confirmation?token={code}\n\n"
        f"or send this token to POST {base}/api/v1/auth/password-reset/confirm:\n\nCode: {code}\n\n"
        "If you did not ask, there is nothing to do: your password stays as it is.\n",
    )


def moved(old: str, new: str) -> Letter:
    """The mail that tells an account's old address of the new one."""
    return Letter(
        old,
        "Your CallCov email was changed",
        f"The email of your CallCov account is {new} from now on.\n\n"
        "If that was not you, tell whoever runs this server at once.\n",
    )


class Carrier(Protocol):
    """Takes a finished message away, or raises OSError (every error of smtplib is one)."""

    def carry(self, message: EmailMessage) -> None:
        """Block until it is taken."""
        ...


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. The password is sent on an encrypted connection only, or to this very machine."""

    host: str
    port: int
    encrypted: bool
    user: str | None
    password: str = field(repr=False)

    @classmethod
    def at(cls, url: str) -> Smtp:
        """The server of an address `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the first byte."""
        parts = urlsplit(url)
        encrypted = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        port = parts.port or (465 if encrypted else 587)
        return cls(parts.hostname or "", port, encrypted, user, unquote(parts.password or ""))

    def carry(self, message: EmailMessage) -> None:
        """Send; `smtp://` turns to TLS when the server offers it."""
        context = ssl.create_default_context()
        if self.encrypted:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT)
        with server:
            server.ehlo()
            safe = self.encrypted or self.host in _LOOPBACK
            if not self.encrypted and server.has_extn("starttls"):
                server.starttls(context=context)
                safe = True
            if self.user is not None:
                if not safe:
                    raise smtplib.SMTPNotSupportedError("The server offers no encryption to send a password on.")
                server.login(self.user, self.password)
            server.send_message(message)


@dataclass(frozen=True, slots=True)
class Outbox:
    """A folder of messages, `.eml`, that only its owner can read. They hold codes, so they are kept for a day."""

    folder: Path

    def carry(self, message: EmailMessage) -> None:
        """Write it into the folder, which is made when it is missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self.folder.glob("*.eml"):
            if old.stat().st_mtime < time.time() - _KEPT_SECONDS:
                old.unlink(missing_ok=True)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"
        draft = self.folder / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes(policy=EmailPolicy(utf8=True)))
        draft.rename(self.folder / f"{name}.eml")

    def messages(self) -> Iterator[EmailMessage]:
        """Every message in it, the oldest first."""
        for path in sorted(self.folder.glob("*.eml")):
            yield message_from_bytes(path.read_bytes(), policy=default)


class Post:
    """Sends letters in the background, one after the other. `base` is the server's public address, for links.

    A request's own `Host` never makes a link: whoever asks for somebody's reset could choose where the code goes.
    """

    def __init__(self, carrier: Carrier, sender: str, base: str) -> None:
        self.base = base
        self._carrier = carrier
        self._sender = sender
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="callcov-mail")
        self._room = BoundedSemaphore(_MOST_WAITING)

    def send(self, letter: Letter) -> None:
        """Send it soon."""
        self.later(lambda: letter)

    def later(self, work: Callable[[], Letter | None]) -> None:
        """Do that soon, and send the letter that it gives, if it gives one. Dropped when a thousand wait already."""
        if not self._room.acquire(blocking=False):
            _log.error("mail not sent", reason="too many wait")
            return
        seen = structlog.contextvars.get_contextvars()
        done = self._thread.submit(self._do, work)
        done.add_done_callback(lambda done: self._told(done, seen))

    def close(self) -> None:
        """Send what waits."""
        self._thread.shutdown()

    def _do(self, work: Callable[[], Letter | None]) -> None:
        letter = work()
        if letter is None:
            return
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="callcov")
        message.set_content(letter.text)
        self._carrier.carry(message)

    def _told(self, done: Future[None], seen: dict[str, Any]) -> None:
        self._room.release()
        error = done.exception()
        if error is not None:
            # Not its text: a mail server's answer may repeat the address or what it was sent.
            code = getattr(error, "smtp_code", None)
            _log.error("mail not sent", reason=type(error).__name__, smtp_code=code, **seen)
