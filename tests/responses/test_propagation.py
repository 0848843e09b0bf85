"""When an unexpected error reaches the server, and that a known one never does."""

import itertools
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from tests.responses.conftest import KeptAnswers, MakeApp

from failwell import AppError, ConflictError

CONFIGS = [
    {"DEBUG": debug, "TESTING": testing, "PROPAGATE_EXCEPTIONS": propagate}
    for debug, testing, propagate in itertools.product(
        [False, True], [False, True], [None, False, True]
    )
]


def _name(config: dict[str, Any]) -> str:
    return ",".join(f"{key[0]}={value}" for key, value in config.items())


def _propagates(config: dict[str, Any]) -> bool:
    configured = config["PROPAGATE_EXCEPTIONS"]
    return config["DEBUG"] or config["TESTING"] if configured is None else configured


@pytest.mark.parametrize("config", CONFIGS, ids=_name)
def test_an_unexpected_error_is_recorded_once_and_answered_or_raised(
    make_app: MakeApp, recorder: KeptAnswers, config: dict[str, Any]
) -> None:
    """As Flask decides between the two, by all of its settings."""
    error = KeyError("canary")
    client = make_app(error, recorder, **config).test_client()

    if _propagates(config):
        with pytest.raises(KeyError):
            client.get("/fails")
    else:
        response = client.get("/fails")
        assert (response.status_code, response.is_json) == (500, True)
        assert "canary" not in response.text

    assert recorder.captured == [(error, "INTERNAL_ERROR")]
    assert recorder.counted == []


@pytest.mark.parametrize("config", CONFIGS, ids=_name)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConflictError(), 409),
        (AppError("Broken"), 500),
        (OperationalError("SELECT canary", {}, OSError()), 500),
        (ExceptionGroup("canary", [ConflictError()]), 409),
    ],
    ids=["409", "500", "database", "group"],
)
def test_a_known_error_is_answered_under_all_settings(
    make_app: MakeApp,
    recorder: KeptAnswers,
    config: dict[str, Any],
    error: Exception,
    status: int,
) -> None:
    """Recorded or counted, and once."""
    response = make_app(error, recorder, **config).test_client().get("/fails")

    assert (response.status_code, response.is_json) == (status, True)
    assert "canary" not in response.text
    assert len(recorder.captured) + len(recorder.counted) == 1
