"""One request of the demo, and the tally of what was answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx


class DemoError(Exception):
    """The demo cannot go on; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A request, and what must come back.

    Args:
        title: What a person calls it.
        expect: The codes of errors, or statuses of successes, that are right.
        token: Who sends it; None for a stranger.
        json: The body, if it is JSON that can be written.
        content: The body as it stands, if it is not.
    """

    title: str
    method: str
    path: str
    expect: frozenset[str]
    token: str | None = None
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What was answered to what, counted."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    surprises: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, shot: Shot, answer: httpx.Response) -> None:
        """Count one answer."""
        outcome = outcome_of(answer)
        label = f"{answer.status_code} {outcome}".removesuffix(f" {answer.status_code}")
        self.answers[shot.title, label] += 1
        if outcome not in shot.expect:
            self.surprises[shot.title, label] += 1


class Shooter:
    """Sends shots to the running server."""

    def __init__(self, base_url: str) -> None:
        # The server is on this machine: no proxy in between.
        self._client = httpx.Client(base_url=base_url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, shot: Shot) -> httpx.Response:
        """Send one request and return its answer.

        Raises:
            DemoError: The server cannot be reached.
        """
        headers = dict(shot.headers)
        if shot.token is not None:
            headers["Authorization"] = f"Bearer {shot.token}"
        try:
            return self._client.request(
                shot.method,
                shot.path,
                headers=headers,
                json=shot.json,
                content=shot.content,
            )
        except httpx.TransportError as error:
            message = (
                f"No answer from {self._client.base_url} ({type(error).__name__})."
                " Start the server first, in another terminal:"
                f" make run PORT={self._client.base_url.port}"
            )
            raise DemoError(message) from error

    def must(self, shot: Shot) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Send a request that everything after builds on; return its JSON.

        Raises:
            DemoError: The server cannot be reached, or refuses.
        """
        answer = self.send(shot)
        if not answer.is_success:
            message = (
                f"{shot.method} {shot.path} was refused with {answer.status_code}"
                f" {outcome_of(answer)}; is another program on this port?"
            )
            raise DemoError(message)
        return answer.json()


def outcome_of(answer: httpx.Response) -> str:
    """Return the code of an error, or the status of a success."""
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return str(answer.status_code)
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "(no envelope)"
