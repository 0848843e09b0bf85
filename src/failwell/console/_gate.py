"""The door: signing in and out, and nothing else without it.

A one-time link must survive what fetches links unasked (previews in chats, scanners of
mail) and still need one click. So a GET of the link uses nothing up: it moves the
token into a cookie and leads on; only a client that comes back with that cookie has
the token redeemed. What merely looks at a link keeps no cookies.
"""

import re

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from failwell.console._access import LINK_LIFETIME_S, SESSION_LIFETIME_S
from failwell.console._desk import SESSION_COOKIE, Desk
from failwell.exceptions import AuthenticationError
from failwell.store import StoreError

LINK_COOKIE = "failwell_console_link"
_OPEN = ("static", "sign_in", "sign_in_by_key", "redeem_link")
_CHALLENGE = 'Bearer realm="failwell console"'
_MAX_BODY_BYTES = 16 * 1024
_PLAIN = re.compile(r"[\w/-]*", re.ASCII)  # no dots: `..` would lead outside


def add_gate(blueprint: Blueprint, desk: Desk) -> None:
    """Close every route of the blueprint, and add those that open it."""
    gate = _Gate(desk)
    blueprint.before_request(gate.check)
    add = blueprint.add_url_rule
    add("/signin", "sign_in", gate.sign_in)
    add("/signin", "sign_in_by_key", gate.sign_in_by_key, methods=["POST"])
    add("/signin/link", "redeem_link", gate.redeem_link)
    add("/signout", "sign_out", gate.sign_out, methods=["POST"])


class _Gate:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._access = desk.access

    def check(self) -> AnyResponse | None:
        """Let a request pass, or answer it: the same for every address there is."""
        request.max_content_length = _MAX_BODY_BYTES
        endpoint = (request.endpoint or "").rpartition(".")[2]
        if endpoint in _OPEN or self._desk.session() or self._bears_key():
            return None
        if self._desk.wants_json():
            refusal = AuthenticationError(
                "Sign in to the console, or send its key as a bearer token",
                challenge=_CHALLENGE,
            )
            return self._desk.refuse(refusal)
        wanted = request.script_root + request.full_path.rstrip("?")
        by_get = request.method == "GET"
        return redirect(url_for(".sign_in", next=wanted if by_get else None), 303)

    def sign_in(self) -> AnyResponse:
        """Show the form, or take up the token of a link."""
        if self._desk.session():
            return redirect(self._wanted(), 303)
        token = request.args.get("token")
        if token is None:
            return self._form()
        if self._access.read_link_token(token) is None:
            return self._form("expired", 403)
        response = redirect(url_for(".redeem_link"), 303)
        self._set_cookie(response, LINK_COOKIE, token, LINK_LIFETIME_S)
        return response

    def redeem_link(self) -> AnyResponse:
        """Use the token up, once, for a session."""
        ticket = self._access.read_link_token(request.cookies.get(LINK_COOKIE, ""))
        if ticket is None:
            return self._form("expired", 403)
        try:
            fresh = self._desk.store.use_once(ticket.id, ticket.expires_at)
        except StoreError:
            return self._form("store_away", 503)
        response = self._admit() if fresh else self._form("used", 403)
        self._delete_cookie(response, LINK_COOKIE)
        return response

    def sign_in_by_key(self) -> AnyResponse:
        """Check the key; no token in the form: who knows the key needs no forgery."""
        if not _same_origin():
            return self._form("foreign", 403)
        if not self._access.is_key(request.form.get("key", "").strip()):
            return self._form("wrong_key", 403)
        return self._admit()

    def sign_out(self) -> AnyResponse:
        """Forget the session in this browser."""
        session = self._desk.session()
        given = request.form.get("form_token", "")
        if (
            session is None
            or not _same_origin()
            or not self._access.is_form_token(session, given)
        ):
            return self._desk.page("message.html", 403, about="forged")
        response = redirect(url_for(".sign_in"), 303)
        self._delete_cookie(response, SESSION_COOKIE)
        return response

    def _bears_key(self) -> bool:
        given = request.authorization
        if given is None or given.type != "bearer" or not self._desk.wants_json():
            return False
        return self._access.is_key(given.token or "")

    def _admit(self) -> AnyResponse:
        response = redirect(self._wanted(), 303)
        session = self._access.issue_session()
        self._set_cookie(response, SESSION_COOKIE, session, SESSION_LIFETIME_S)
        return response

    def _form(self, problem: str | None = None, status: int = 200) -> Response:
        wanted = request.values.get("next", "")
        return self._desk.page("signin.html", status, problem=problem, wanted=wanted)

    def _wanted(self) -> str:
        wanted, home = request.values.get("next", ""), url_for(".groups")
        path = wanted.partition("?")[0]
        inside = path.startswith(home) and _PLAIN.fullmatch(path.removeprefix(home))
        return wanted if inside and wanted.isprintable() else home

    def _set_cookie(
        self, response: AnyResponse, name: str, value: str, lifetime_s: int
    ) -> None:
        # Lax, not Strict: a link in a mail or a chat is a cross-site navigation, and
        # with Strict its redirect would arrive without the cookie just set.
        response.set_cookie(
            name,
            value,
            max_age=lifetime_s,
            path=self._path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _delete_cookie(self, response: AnyResponse, name: str) -> None:
        response.delete_cookie(
            name,
            path=self._path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _path(self) -> str:
        return url_for(".groups").rstrip("/")


def _same_origin() -> bool:
    """Return whether a form came from these pages, as far as the browser tells.

    A browser that is told to send no referrer sends `Origin: null` with a form, so
    `Sec-Fetch-Site` is asked first; without either, the form token decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin", "null")
    return origin in {"null", f"http://{request.host}", f"https://{request.host}"}
