"""The document and the page that shows it, from the installed Swagger UI: no CDN."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Flask, Response, current_app, json, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from meetings.web._endpoint import Endpoint
from meetings.web._openapi import build_document

_KEY = "meetings.document"
_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Meetings: the API</title>
<link rel="icon" type="image/png" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"><noscript>Without JavaScript, read
<a href="api/v1/openapi.json">the OpenAPI document</a>.</noscript></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "api/v1/openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
});
"""

docs = Blueprint(
    "docs", __name__, static_folder=_ASSETS, static_url_path="/docs/assets"
)


@docs.get("/api/v1/openapi.json")
@Endpoint(summary="This document", answers={200: None}, signed_in=False)
def openapi() -> Response:
    """Answer with the document; made once in each process."""
    document: str | None = current_app.extensions.get(_KEY)
    if document is None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask documents it
        # The order of the fields is ours: `jsonify` would sort them by name.
        document = json.dumps(build_document(app), sort_keys=False)
        current_app.extensions[_KEY] = document
    return Response(document, mimetype="application/json")


@docs.get("/")
@Endpoint(
    summary="The way to the page of this document",
    answers={302: None},
    signed_in=False,
    media_type="text/html",
)
def home() -> AnyResponse:
    """Lead whoever opens the bare address of the server to something to see."""
    return redirect(url_for(".page"))


@docs.get("/docs")
@Endpoint(
    summary="The page that shows this document",
    answers={200: None},
    signed_in=False,
    media_type="text/html",
)
def page() -> Response:
    """Answer with the page."""
    headers = {
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_PAGE, headers=headers, mimetype="text/html")


@docs.get("/docs/start.js")
@Endpoint(
    summary="The script that starts the page",
    answers={200: None},
    signed_in=False,
    media_type="text/javascript",
)
def start() -> Response:
    """Answer with the script; a file of its own, as the policy forbids inline ones."""
    return Response(_START, mimetype="text/javascript")
