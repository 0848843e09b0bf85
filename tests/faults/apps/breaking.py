"""An application that asks a dependency behind a circuit breaker, and says who answered."""

import os
from contextlib import suppress

from flask import Flask, Response

from failwell import CircuitBreaker, Failwell

app = Flask(__name__, instance_path=os.environ["BREAKING_INSTANCE"])
Failwell(app)
kept: list[CircuitBreaker] = []


@app.get("/ask")
@CircuitBreaker(3, 3600, name="calendar")
def ask() -> dict[str, bool]:
    """Answer."""
    return {"ok": True}


@app.get("/break")
def break_() -> dict[str, str]:
    """Fail behind the breaker until it is open."""
    breaker = CircuitBreaker(1, 3600, name="mail")
    kept.append(breaker)
    with suppress(ValueError):
        breaker.call(int, "no number")
    return {"state": breaker.state}


@app.after_request
def say_who(response: Response) -> Response:
    """Name the process that served."""
    response.headers["X-Worker"] = str(os.getpid())
    return response
