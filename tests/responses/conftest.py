"""Applications that fail, and a recorder that keeps what it is given in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask

from failwell.responses import register_error_handlers

MakeApp = Callable[..., Flask]


@dataclass
class KeptAnswers:
    """A recorder that remembers; the same exception again has the same id."""

    captured: list[tuple[BaseException, str]] = field(default_factory=list)
    counted: list[tuple[str, int, str, str]] = field(default_factory=list)
    started: int = 0

    def start(self) -> "KeptAnswers":
        """Count how often it was asked to get ready."""
        self.started += 1
        return self

    def capture(self, error: BaseException, *, code: str = "INTERNAL_ERROR") -> str:
        """Keep the error."""
        known = [kept for kept, _ in self.captured]
        for number, kept in enumerate(known):
            if kept is error:
                return f"{number:016x}-{number:016x}"
        self.captured.append((error, code))
        return f"{len(known):016x}-{len(known):016x}"

    def count_answer(self, *, code: str, status: int, method: str, route: str) -> None:
        """Keep the count."""
        self.counted.append((code, status, method, route))

    @property
    def codes(self) -> list[str]:
        """The codes of what was captured."""
        return [code for _, code in self.captured]


@pytest.fixture
def recorder() -> KeptAnswers:
    """Return a recorder in memory."""
    return KeptAnswers()


@pytest.fixture
def make_app() -> MakeApp:
    """Return a function that makes an application with one failing route."""

    def make(
        error: BaseException | None = None,
        recorder: KeptAnswers | None = None,
        **config: object,
    ) -> Flask:
        app = Flask("backend")
        app.config.update(config)
        register_error_handlers(app, recorder)

        @app.route("/fails", methods=["GET", "POST"])
        def fails() -> str:
            if error is not None:
                raise error
            return "fine"

        return app

    return make
