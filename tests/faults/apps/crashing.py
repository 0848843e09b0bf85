"""An application that crashes on demand and says which process did."""

import os

from flask import Flask, Response

from failwell import Failwell

app = Flask(__name__, instance_path=os.environ["CRASHING_INSTANCE"])
Failwell(app)


@app.get("/crash/<int:number>")
def crash(number: int) -> str:
    """Fail with an error that carries the number."""
    message = f"crash number {number}"
    raise RuntimeError(message)


@app.after_request
def say_who(response: Response) -> Response:
    """Name the process that served, for those who kill it."""
    response.headers["X-Worker"] = str(os.getpid())
    return response
