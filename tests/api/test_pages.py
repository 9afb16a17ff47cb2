"""The pages behind the links in mail, used as a browser does: open the link, press the button."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
import requests
from api_server import PUBLIC


class Form(HTMLParser):
    """The one form of a page: where it goes, its fields, and the text of the page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.text, self.tags = None, {}, "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "form":
            assert (self.action, given["method"]) == (None, "post")
            self.action = given["action"]
        if "name" in given and tag == "input":
            self.fields[given["name"]] = given.get("value", "")

    def handle_data(self, data):
        self.text += data


def link(visitor, count=1):
    """The link in the newest mail, on the server of the test: mail names the public address."""
    found = re.search(rf"{re.escape(PUBLIC)}(\S+)", visitor.mail(count)[-1])[1]
    return visitor.server.base + found


def opened(address):
    page = requests.get(address, timeout=30)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    policy = page.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    form = Form(page.text)
    assert not {"script", "style", "img", "link"} & set(form.tags)
    return form


def pressed(address, **typed):
    """What is shown after the button of the page at that address was pressed."""
    form = opened(address)
    answer = requests.post(urljoin(address, form.action), data=form.fields | typed, timeout=30)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    return answer.status_code, Form(answer.text).text


def test_the_link_of_a_verification_mail_verifies_when_the_button_is_pressed_and_not_before(visitor):
    visitor.register()
    address = link(visitor)
    opened(address)
    assert visitor.log_in().status_code == 403
    status, text = pressed(address)
    assert (status, "Your email is verified" in text) == (200, True)
    assert visitor.log_in().status_code == 200
    status, text = pressed(address)
    assert (status, "was used before" in text) == (400, True)


def test_the_page_leaves_no_login_behind(visitor):
    visitor.register()
    pressed(link(visitor))
    with visitor.server.services.database.read() as connection:
        held = connection.exec_driver_sql(
            "SELECT count(*) FROM refresh_tokens JOIN users ON users.id = user_id WHERE email = ?", (visitor.email,)
        )
        assert held.scalar_one() == 0


def test_the_link_of_a_reset_mail_sets_the_password(visitor):
    visitor.admitted()
    visitor.post("/auth/password-reset", email=visitor.email)
    address = link(visitor, 2)
    status, text = pressed(address, new_password="weak")
    assert (status, "Password must have at least 8 characters" in text) == (422, True)
    status, text = pressed(address, new_password="Another.Horse9")
    assert (status, "Your password is set" in text) == (200, True)
    assert visitor.call("GET", "/users/me").status_code == 401
    assert visitor.log_in(password="Another.Horse9").status_code == 200
    status, text = pressed(address, new_password="Third.Horse9")
    assert (status, "was used before" in text) == (400, True)


@pytest.mark.parametrize("page", ["verify-email", "reset-password-confirmation"])
def test_what_a_link_holds_is_shown_to_nobody_as_markup(server, page):
    evil = '"><script>alert(1)</script>'
    answer = requests.get(f"{server.base}/{page}", params={"token": evil}, timeout=30)
    assert "<script" not in answer.text
    assert Form(answer.text).fields["token"] == evil
    posted = requests.post(f"{server.base}/{page}", data={"token": evil, "new_password": "Good.Horse9"}, timeout=30)
    assert (posted.status_code, "<script" in posted.text) == (400, False)


@pytest.mark.parametrize("page", ["verify-email", "reset-password-confirmation"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"token",
        b"token=a&token=b",
        b"token=%ff",
        b"\xff",
        b"token=a%00",
        b"token=" + b"a" * 257,
        b"token=" + b"a" * 1_000_000,
        b"{}",
        b"&" * 999,
    ],
)
def test_what_is_no_such_form_is_refused_in_words(server, page, body):
    answer = requests.post(f"{server.base}/{page}", data=body, timeout=30)
    assert answer.status_code in {400, 422}
    assert Form(answer.text).text.strip()
