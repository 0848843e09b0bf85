"""`Failwell.scope`: errors below a URL prefix, also those of the router."""

import pytest
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from failwell import Failwell, NotFoundError
from failwell.responses import Form

PROBLEM, ENVELOPE = "application/problem+json", "application/json"


def _blueprint(name: str, prefix: str) -> Blueprint:
    blueprint = Blueprint(name, __name__, url_prefix=prefix)

    @blueprint.get("/rooms")
    def rooms() -> str:
        raise NotFoundError("Room", 1)

    @blueprint.errorhandler(404)
    def missing(_: HTTPException) -> ResponseReturnValue:
        return {"missing in": name}, 404

    return blueprint


def _app(failwell: Failwell, *blueprints: Blueprint, **config: object) -> Flask:
    app = Flask("backend")
    app.config.update(TESTING=True, **config)
    failwell.init_app(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def test_a_blueprint_answers_addresses_that_no_rule_matches() -> None:
    """What Flask's users ask for since 2013 (its issue 503): blueprints own a prefix."""
    api = _blueprint("api", "/api")
    failwell = Failwell()
    failwell.scope(blueprint=api)
    client = _app(failwell, api).test_client()

    assert client.get("/api/nowhere").json == {"missing in": "api"}
    assert client.get("/nowhere").json["error"]["code"] == "NOT_FOUND"
    assert client.get("/apis").json["error"]["code"] == "NOT_FOUND"


def test_a_wrong_method_goes_to_the_blueprint_too() -> None:
    """Its handler may keep `Allow`, and where it has none the answer is ours."""
    api = _blueprint("api", "/api")
    failwell = Failwell()
    failwell.scope("/api", blueprint=api)
    client = _app(failwell, api).test_client()

    ours = client.delete("/api/rooms")
    assert (ours.status_code, ours.json["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in ours.headers["Allow"]

    api_2 = Blueprint("api_2", __name__, url_prefix="/api/2")
    api_2.add_url_rule("/rooms", view_func=lambda: "rooms")
    api_2.register_error_handler(MethodNotAllowed, lambda _: ("no", 405, {"X": "y"}))
    failwell_2 = Failwell()
    failwell_2.scope(blueprint=api_2)
    theirs = _app(failwell_2, api_2).test_client().delete("/api/2/rooms")
    assert (theirs.text, theirs.headers["X"]) == ("no", "y")


def test_the_nearest_scope_and_the_blueprints_around_it_are_asked() -> None:
    """A child without a handler leaves the answer to its parent, as in Flask."""
    parent = _blueprint("parent", "/v1")
    child = Blueprint("child", __name__, url_prefix="/admin")
    child.add_url_rule("/", view_func=lambda: "here")
    parent.register_blueprint(child)
    other = _blueprint("other", "/v1/other")
    failwell = Failwell()
    failwell.scope("/v1", blueprint=parent)
    failwell.scope("/v1/admin", blueprint=child)
    failwell.scope(blueprint=other)
    client = _app(failwell, parent, other).test_client()

    assert client.get("/v1/admin/nowhere").json == {"missing in": "parent"}
    assert client.get("/v1/other/nowhere").json == {"missing in": "other"}
    assert client.get("/v1/nowhere").json == {"missing in": "parent"}


def test_an_async_handler_of_a_scope_answers() -> None:
    """Like any other handler of Flask."""
    api = Blueprint("api", __name__, url_prefix="/api")
    api.add_url_rule("/", view_func=lambda: "here")

    @api.errorhandler(NotFound)
    async def missing(_: NotFound) -> ResponseReturnValue:
        """Answer when awaited."""
        return "awaited", 404

    failwell = Failwell()
    failwell.scope(blueprint=api)

    assert _app(failwell, api).test_client().get("/api/x").text == "awaited"


@pytest.mark.parametrize(
    ("form", "kind"), [("problem", PROBLEM), ("envelope", ENVELOPE), ("auto", ENVELOPE)]
)
def test_a_scope_has_a_form_of_its_own(form: Form, kind: str) -> None:
    """For its views and for the router; elsewhere the setting counts."""
    api = _blueprint("api", "/api")
    failwell = Failwell()
    failwell.scope("/api", form=form)
    app = _app(failwell, api, FAILWELL_RESPONSES_FORMAT="problem")
    client = app.test_client()

    assert client.get("/api/x").content_type == kind
    assert client.post("/api/rooms").content_type == kind
    assert client.get("/x").content_type == PROBLEM


def test_a_scope_without_handlers_of_a_blueprint_changes_no_handler() -> None:
    """A form alone leaves the choice of handlers to Flask."""
    failwell = Failwell()
    failwell.scope("/api", form="problem")
    app = _app(failwell)
    app.register_error_handler(404, lambda _: ("the application's", 404))

    assert app.test_client().get("/api/x").text == "the application's"


@pytest.mark.parametrize("prefix", [None, "", "/", "api"])
def test_a_scope_needs_a_prefix(prefix: str | None) -> None:
    """Without one it would be what the settings are for."""
    with pytest.raises(ValueError, match="a path such as /api/v1"):
        Failwell().scope(prefix, blueprint=Blueprint("bare", __name__))


def test_a_scope_is_declared_once_and_in_a_known_form() -> None:
    """Two for one prefix would leave open which counts."""
    failwell = Failwell()
    failwell.scope("/api", form="problem")

    with pytest.raises(ValueError, match="declared already"):
        failwell.scope("/api/", form="auto")
    with pytest.raises(ValueError, match="allowed: auto, envelope, problem, html"):
        failwell.scope("/v2", form="xml")  # type: ignore[arg-type] # a typo
