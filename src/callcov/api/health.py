"""Whether the server lives and whether it can work; for supervisors and load balancers, no credentials needed."""

from __future__ import annotations

import orjson
import structlog
from fastapi import APIRouter, Response

from callcov.api import schemas
from callcov.api.services import Given
from callcov.store import analyses

router = APIRouter(prefix="/health", tags=["health"])
_log = structlog.stdlib.get_logger()


@router.head("/live", include_in_schema=False)  # what many monitors ask
@router.get("/live", response_model=schemas.Health, summary="Is the process alive?")
async def live() -> Response:
    """200 as long as the process answers at all."""
    return _status(200, {"status": "ok"})


@router.head("/ready", include_in_schema=False)
@router.get("/ready", response_model=schemas.Health, responses=schemas.errors(503), summary="Can it work?")
def ready(services: Given) -> Response:
    """200 when the database and the object store answer."""
    try:
        with services.database.read() as connection:
            analyses.revision(connection, "nobody", livemode=True)
        services.blobs.exists("health")
    except Exception:  # noqa: BLE001 whatever the reason, it cannot work; the log says why
        _log.exception("not ready")
        return _status(503, {"detail": "The database or the object store does not answer"})
    return _status(200, {"status": "ok"})


def _status(status: int, body: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
