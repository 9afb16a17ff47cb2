"""The application: routes under `/api/v1`, health, the API document and its page."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from callcov.api import (
    analyses,
    api_keys,
    audio,
    audit,
    auth,
    billing,
    docs,
    errors,
    health,
    insights,
    pages,
    policy,
    rejudge,
    schemas,
    upload,
    users,
    webhooks,
)
from callcov.api.limits import Limits
from callcov.api.packing import Packing
from callcov.api.requests import Requests
from callcov.api.services import Services

_ABOUT = (
    "Every call of a contact centre as a transcript and sixteen verdicts with the words that prove them. "
    "Send your key as `X-API-Key: sk_live_…` or `Authorization: Bearer sk_live_…`, or an access token as "
    "`Authorization: Bearer eyJ…`."
)

_JUDGINGS = 2
"""Analyses that are judged again at once: one is prepared or stored while the child judges another."""
_UPLOADS = 8
"""Uploads that arrived whole and are looked at and taken on at once."""
_TOO_SLOW = {
    "description": "The body stalled for a minute, or arrives at less than 1,000 bytes a second.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def create(services: Services) -> FastAPI:
    """The application that answers with those services. It opens and closes nothing: they are the caller's."""
    app = FastAPI(
        title="CallCov",
        version=services.version,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.backtests = asyncio.Semaphore(1)
    app.state.judgings = asyncio.Semaphore(_JUDGINGS)
    app.state.uploads = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="callcov-upload")
    errors.install(app)
    app.add_middleware(Packing)
    app.add_middleware(Limits, services=services)
    app.add_middleware(Requests)  # the last is the outermost
    of_calls = (
        upload.router,
        analyses.router,
        audio.router,
        policy.router,
        rejudge.router,
        insights.router,
        webhooks.router,
    )
    of_accounts = (auth.router, users.router, api_keys.router, billing.router, audit.router)
    limited = [_both_spellings(router) for router in (*of_calls, *of_accounts)]
    for router in limited:
        app.include_router(router, responses=schemas.errors(429))
    free = (health.router, docs.router, pages.router)
    for router in free:
        app.include_router(router)
    app.state.routes = [one for router in (*limited, *free) for one in router.routes if isinstance(one, APIRoute)]
    app.mount("/docs/static", docs.files)
    app.openapi = lambda: _document(app)
    return app


def _both_spellings(documented: APIRouter) -> APIRouter:
    """The same routes with and without a slash at the end; the API document shows the documented spelling only."""
    router = APIRouter()
    for route in documented.routes:
        if isinstance(route, APIRoute):
            other = route.path.removesuffix("/") if route.path.endswith("/") else route.path + "/"
            router.routes.append(route)
            router.add_api_route(
                other,
                route.endpoint,
                methods=route.methods,
                status_code=route.status_code,
                response_class=route.response_class,
                include_in_schema=False,
            )
    return router


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document without the 422 that it adds to every route with a parameter: a path here is never invalid.

    Every body may come too slowly (see `requests.py`).
    """
    document = FastAPI.openapi(app)
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["responses"]["408"] = _TOO_SLOW
            for sent in operation.get("requestBody", {}).get("content", {}).values():
                document["components"]["schemas"] |= sent["schema"].pop("$defs", {})
            refused = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
            if refused.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
                del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document
