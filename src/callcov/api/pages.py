"""The pages behind the links in mail: verify an email, set a new password. Plain HTML without a script or a style.

Opening a page changes nothing, because programs that look through mail open every link; its button posts the code. Then
the same is done as by the API: see `auth.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from callcov.api import trail
from callcov.api.auth import Code, NewStart
from callcov.api.bodies import SMALL, body
from callcov.api.services import Given
from callcov.auth import accounts
from callcov.auth.passwords import LONGEST, SHORTEST
from callcov.errors import BadCode, UploadTooLarge

router = APIRouter(include_in_schema=False)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
_VERIFY, _RESET = "Verify your email", "Set a new password"
_RULE = (
    f'At least {SHORTEST} characters with an upper-case and a lower-case letter, a digit and one of !@#$%^&*(),.?":|<>'
)
_OLD = "The link is over or was used before. Links work for 15 minutes, once, and only the newest does."


async def _fields(request: Request) -> Mapping[str, str]:
    """The fields of the form that was posted; none when it is none, is too large, or gives one twice."""
    try:
        pairs = parse_qsl((await body(request, SMALL)).decode(), keep_blank_values=True, max_num_fields=10)
    except (UploadTooLarge, ValueError):
        return {}
    return dict(pairs) if len(pairs) == len(dict(pairs)) else {}


Fields = Annotated[Mapping[str, str], Depends(_fields)]


@router.get("/verify-email")
def ask_to_verify(request: Request) -> Response:
    """The page that a verification mail links to."""
    return _page(_VERIFY, _form("verify-email", _token(request), "Verify"))


@router.post("/verify-email")
def verify(request: Request, services: Given, sent: Fields) -> Response:
    """Take the code. The login that comes with it is ended: a page has nowhere to keep it."""
    now, address = datetime.now(UTC), trail.address(request)
    try:
        code = Code.model_validate({"code": sent.get("token")}).code
        pair = accounts.verify(services.database, services.secret, code, now, address)
    except (ValidationError, BadCode):
        return _page(_VERIFY, _said(_OLD, "Ask for another verification mail."), 400)
    accounts.log_out(services.database, services.secret, pair.refresh_token, now, address)
    return _page(_VERIFY, _said("Your email is verified. You can log in now."))


@router.get("/reset-password-confirmation")
def ask_for_password(request: Request) -> Response:
    """The page that a reset mail links to."""
    return _page(_RESET, _new_password(_token(request)))


@router.post("/reset-password-confirmation")
async def set_password(request: Request, services: Given, sent: Fields) -> Response:
    """Take the code and set the password; every login ends."""
    try:
        start = NewStart.model_validate({"token": sent.get("token"), "new_password": sent.get("new_password")})
    except ValidationError as error:
        wrong = [str(found["msg"]).removeprefix("Value error, ") for found in error.errors()]
        return _page(_RESET, _said(*wrong) + _new_password(sent.get("token", "")), 422)
    hashed = await services.passwords.hash(start.new_password)
    now, address = datetime.now(UTC), trail.address(request)
    told = (services.database, services.secret, start.token, hashed, now, address)
    try:
        await run_in_threadpool(accounts.reset_password, *told)
    except BadCode:
        return _page(_RESET, _said(_OLD, "Ask for another reset mail."), 400)
    return _page(_RESET, _said("Your password is set, and every login has ended. You can log in now."))


def _token(request: Request) -> str:
    return request.query_params.get("token", "")


def _new_password(token: str) -> str:
    """The form for a new password; a password manager offers one for this kind of field."""
    asked = (
        f'<p><label>New password: <input type="password" name="new_password" required minlength="{SHORTEST}" '
        f'maxlength="{LONGEST}" autocomplete="new-password"></label></p>\n<p>{escape(_RULE)}.</p>\n'
    )
    return _form("reset-password-confirmation", token, "Set the password", asked)


def _form(action: str, token: str, button: str, asked: str = "") -> str:
    return (
        f'<form method="post" action="{action}">\n<input type="hidden" name="token" value="{escape(token)}">\n'
        f"{asked}<p><button>{button}</button></p>\n</form>\n"
    )


def _said(*sentences: str) -> str:
    return "".join(f'<p role="status">{escape(sentence)}</p>\n' for sentence in sentences)


def _page(title: str, content: str, status: int = 200) -> Response:
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} - CallCov</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )
    return Response(f"{head}{content}</main>\n</body>\n</html>\n", status, _HEADERS, media_type="text/html")
