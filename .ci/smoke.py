"""The installed wheel, used as a newcomer would: an error becomes an answer and a record."""

import tempfile
from pathlib import Path

from flask import Flask

import failwell
from failwell import Failwell, NotFoundError

assert "site-packages" in failwell.__file__, failwell.__file__
assert (Path(failwell.__file__).parent / "py.typed").exists()

with tempfile.TemporaryDirectory() as folder:
    app = Flask("smoke", instance_path=folder)
    app.config["FAILWELL_CONSOLE_KEY"] = "a key for the smoke test only"
    errors = Failwell(app)

    @app.get("/rooms/<int:room_id>")
    def room(room_id: int) -> str:
        raise NotFoundError("Room", room_id)

    @app.get("/crash")
    def crash() -> str:
        return {}["seat"]

    client = app.test_client()
    missing = client.get("/rooms/7")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "NOT_FOUND")
    crashed = client.get("/crash")
    assert crashed.status_code == 500, crashed.text
    assert client.get("/failwell/").status_code in {302, 303}, (
        "the console asks who it is"
    )
    with app.app_context():
        kept = errors.error_logging_service.get_recent_errors()
    assert [entry.id for entry in kept] == [crashed.json["error"]["id"]], kept

print("the wheel works: 1 passed, 0 failed")
