"""Getting in without a key: register, verify, log in, refresh, log out, a new password. All of it is public.

What costs a mail or a password's hash is limited by email and by address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from callcov.api import schemas, trail
from callcov.api.answers import said
from callcov.api.bodies import json_of
from callcov.api.fields import Email, NewPassword, Password, Phone, Sent, Token
from callcov.api.services import Given, Services
from callcov.auth import accounts, tokens
from callcov.auth.tokens import Pair
from callcov.errors import RateLimited
from callcov.limiting import network

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

_LOGINS = "20 per 5 minute", "100 per 5 minute"  # an email, an address
_VERIFICATIONS = "3 per hour", "10 per hour"
_RESETS = "5 per hour", "20 per hour"


class Registration(Sent):
    """A new account."""

    email: Email
    phone_number: Phone
    password: NewPassword


class Code(Sent):
    """What the verification mail holds."""

    code: Token


class Address(Sent):
    """Whose account."""

    email: Email


class Credentials(Sent):
    """Who logs in."""

    email: Email
    password: Password


class Refresh(Sent):
    """The refresh token that was given last."""

    refresh_token: Token


class NewStart(Sent):
    """What the reset mail holds, and the password from now on."""

    token: Token
    new_password: NewPassword


async def _registration(request: Request) -> Registration:
    return await json_of(request, Registration)


async def _code(request: Request) -> Code:
    return await json_of(request, Code)


async def _address(request: Request) -> Address:
    return await json_of(request, Address)


async def _credentials(request: Request) -> Credentials:
    return await json_of(request, Credentials)


async def _refresh(request: Request) -> Refresh:
    return await json_of(request, Refresh)


async def _new_start(request: Request) -> NewStart:
    return await json_of(request, NewStart)


@router.post(
    "/register",
    status_code=201,
    response_model=schemas.Message,
    responses=schemas.errors(413, 422, 507) | schemas.refused("The email or the phone number is another account's."),
    summary="Register",
    openapi_extra={"requestBody": schemas.json_body(Registration)},
)
async def register(
    request: Request, services: Given, sent: Annotated[Registration, Depends(_registration)]
) -> Response:
    """Make an account and mail a code to its email, which works for 15 minutes. Log in once it is verified."""
    hashed = await services.passwords.hash(sent.password)
    letter = await run_in_threadpool(
        accounts.register,
        services.database,
        services.secret,
        services.post.base,
        sent.email,
        sent.phone_number,
        hashed,
        datetime.now(UTC),
        trail.address(request),
    )
    services.post.send(letter)
    return said("User registered successfully. Please check your email for the verification link.", 201)


@router.post(
    "/verify-email",
    response_model=schemas.TokenPair,
    responses=schemas.errors(413, 422, 507) | schemas.refused("The code is unknown, void, over or used up."),
    summary="Verify an email",
    openapi_extra={"requestBody": schemas.json_body(Code)},
)
def verify_email(request: Request, services: Given, sent: Annotated[Code, Depends(_code)]) -> Response:
    """Take the code that was mailed, once; it logs in."""
    now, address = datetime.now(UTC), trail.address(request)
    return _pair(accounts.verify(services.database, services.secret, sent.code, now, address))


@router.post(
    "/resend-verification",
    response_model=schemas.Message,
    responses=schemas.errors(404, 413, 422, 429, 507) | schemas.refused("The email is verified already."),
    summary="Mail another code",
    openapi_extra={"requestBody": schemas.json_body(Address)},
)
def resend_verification(request: Request, services: Given, sent: Annotated[Address, Depends(_address)]) -> Response:
    """Mail another code; the older one is void. Three times an hour an email, ten times an hour an address."""
    _take(request, services, "verification", sent.email, *_VERIFICATIONS)
    base, now = services.post.base, datetime.now(UTC)
    services.post.send(accounts.verify_again(services.database, services.secret, base, sent.email, now))
    return said("Verification email sent successfully")


@router.post(
    "/login",
    response_model=schemas.TokenPair,
    responses=schemas.errors(401, 403, 413, 422, 429, 507),
    summary="Log in",
    openapi_extra={"requestBody": schemas.json_body(Credentials)},
)
async def log_in(request: Request, services: Given, sent: Annotated[Credentials, Depends(_credentials)]) -> Response:
    """A pair of tokens. Twenty times in five minutes an email, a hundred times an address."""
    await run_in_threadpool(_take, request, services, "login", sent.email, *_LOGINS)
    now, address = datetime.now(UTC), trail.address(request)
    pair = await accounts.log_in(
        services.database, services.secret, services.passwords, sent.email, sent.password, now, address
    )
    return _pair(pair)


@router.post(
    "/refresh",
    response_model=schemas.TokenPair,
    responses=schemas.errors(401, 413, 422, 507),
    summary="New tokens",
    openapi_extra={"requestBody": schemas.json_body(Refresh)},
)
def refresh(request: Request, services: Given, sent: Annotated[Refresh, Depends(_refresh)]) -> Response:
    """A new pair for a refresh token, which is used up. One that comes a second time ends the whole login."""
    now, address = datetime.now(UTC), trail.address(request)
    return _pair(tokens.refresh(services.database, services.secret, sent.refresh_token, now, address))


@router.post(
    "/logout",
    response_model=schemas.Message,
    responses=schemas.errors(413, 422, 507),
    summary="Log out",
    openapi_extra={"requestBody": schemas.json_body(Refresh)},
)
def log_out(request: Request, services: Given, sent: Annotated[Refresh, Depends(_refresh)]) -> Response:
    """End the login of the refresh token, its access tokens too. An unknown one is no error."""
    now, address = datetime.now(UTC), trail.address(request)
    accounts.log_out(services.database, services.secret, sent.refresh_token, now, address)
    return said("Logged out successfully")


@router.post(
    "/password-reset",
    response_model=schemas.Message,
    responses=schemas.errors(413, 422, 429),
    summary="Ask for a new password",
    openapi_extra={"requestBody": schemas.json_body(Address)},
)
def ask_reset(request: Request, services: Given, sent: Annotated[Address, Depends(_address)]) -> Response:
    """Mail a token that works for 15 minutes, if there is such an account; the answer does not tell.

    Five times an hour an email, twenty times an hour an address.
    """
    _take(request, services, "reset", sent.email, *_RESETS)
    now = datetime.now(UTC)
    services.post.later(
        lambda: accounts.ask_reset(services.database, services.secret, services.post.base, sent.email, now)
    )
    return said("If the email exists, a password reset link has been sent")


@router.post(
    "/password-reset/confirm",
    response_model=schemas.Message,
    responses=schemas.errors(413, 422, 507) | schemas.refused("The token is unknown, void, over or used up."),
    summary="Set the new password",
    openapi_extra={"requestBody": schemas.json_body(NewStart)},
)
async def confirm_reset(request: Request, services: Given, sent: Annotated[NewStart, Depends(_new_start)]) -> Response:
    """Take the token that was mailed, once, and set the password. Every login ends."""
    hashed = await services.passwords.hash(sent.new_password)
    told = (sent.token, hashed, datetime.now(UTC), trail.address(request))
    await run_in_threadpool(accounts.reset_password, services.database, services.secret, *told)
    return said("Password reset successfully")


def _take(request: Request, services: Services, what: str, email: str, of_email: str, of_address: str) -> None:
    """Count one more for the address and for the email, whether there is an account or not. Raises RateLimited."""
    address = network(request.client.host if request.client else None)
    for rate, *key in ((of_address, what, "address", address), (of_email, what, "email", email)):
        taken = services.limiter.take(rate, *key)
        if not taken.allowed:
            raise RateLimited(reset=taken.reset)


def _pair(pair: Pair) -> Response:
    told = {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "bearer",
        "expires_in": int(tokens.ACCESS.total_seconds()),
    }
    return Response(orjson.dumps(told), headers={"Cache-Control": "no-store"}, media_type="application/json")
