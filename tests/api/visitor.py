"""A person at the API's doors: registers, reads their mail, logs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import leaks
import requests
from api_server import Server, wait_until

from callcov.auth.mail import Outbox
from callcov.store.folder import outbox

PASSWORD = "Correct.Horse9"


@dataclass
class Visitor:
    """Somebody with an email and a phone number who may have an account of that server."""

    server: Server
    email: str
    phone: str
    password: str = PASSWORD
    access: str = ""
    refresh: str = ""

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        token = self.access if token is None else token
        headers = ({"Authorization": f"Bearer {token}"} if token else {}) | options.pop("headers", {})
        return requests.request(method, self.server.api + path, headers=headers, timeout=60, **options)

    def post(self, path: str, **json: Any) -> requests.Response:
        return requests.post(self.server.api + path, json=json, timeout=60)

    def register(self, **other: Any) -> requests.Response:
        leaks.secret("a password", self.password)
        sent = {"email": self.email, "phone_number": self.phone, "password": self.password}
        return self.post("/auth/register", **(sent | other))

    def mail(self, count: int = 1) -> list[str]:
        """The texts of the mail to this person, once there are that many."""
        wait_until(lambda: len(self._letters()) >= count)
        return self._letters()

    def code(self, count: int = 1) -> str:
        """The code in the newest mail, once there are `count`."""
        return leaks.secret("a mailed code", self.mail(count)[-1].split("Code: ")[1].split()[0])

    def log_in(self, **other: Any) -> requests.Response:
        answer = self.post("/auth/login", **({"email": self.email, "password": self.password} | other))
        if answer.status_code == 200:
            self.keep(answer)
        return answer

    def keep(self, answer: requests.Response) -> None:
        """Use those tokens from now on."""
        assert answer.status_code == 200, answer.text
        self.access = leaks.secret("an access token", answer.json()["access_token"])
        self.refresh = leaks.secret("a refresh token", answer.json()["refresh_token"])

    def admitted(self) -> Visitor:
        """Registered, verified and so logged in."""
        assert self.register().status_code == 201
        self.keep(self.post("/auth/verify-email", code=self.code()))
        return self

    def _letters(self) -> list[str]:
        box = Outbox(outbox(self.server.folder))
        return [message.get_content() for message in box.messages() if message["To"] == self.email]
