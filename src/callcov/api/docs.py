"""The documentation page: Swagger UI from our own files; it works without the internet."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).with_name("static")

router = APIRouter(include_in_schema=False)
files = StaticFiles(directory=STATIC)

# Swagger UI writes style attributes and draws its icons from data: addresses; nothing else is allowed.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs")
@router.get("/docs/")
async def docs() -> Response:
    """The page; it reads `/openapi.json`."""
    page = (STATIC / "index.html").read_bytes()
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": _POLICY})
