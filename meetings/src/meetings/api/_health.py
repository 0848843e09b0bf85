"""`/healthz` and `/readyz`: for whoever starts and watches the process."""

from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from failwell import ServiceUnavailableError
from meetings.storage import current_version, db
from meetings.web import Endpoint, answer, services

health = Blueprint("health", __name__)


class HealthOutput(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@health.get("/healthz")
@Endpoint(summary="The process is up", answers={200: HealthOutput}, signed_in=False)
def alive() -> Response:
    """Answer; asks nothing else, so that a dead database restarts no process."""
    return answer(HealthOutput())


@health.get("/readyz")
@Endpoint(
    summary="The database is there and has the tables that this version needs",
    answers={200: HealthOutput},
    signed_in=False,
)
def ready() -> Response:
    """Answer 200 when requests can be served, else 503."""
    try:
        found = current_version(db.session.connection())
    except SQLAlchemyError as error:
        message = "The database cannot be reached"
        raise ServiceUnavailableError(message, details={"check": "database"}) from error
    if found != services().schema_version:
        message = "The tables are not at the version that this program needs; migrate"
        raise ServiceUnavailableError(message, details={"check": "migrations"})
    return answer(HealthOutput())
