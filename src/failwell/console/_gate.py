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
from failwell.console._desk import Desk
from failwell.console._roles import Role, Visitor
from failwell.console._routes import Routes
from failwell.console._visitors import KEY_NAMES, SESSION_COOKIE
from failwell.exceptions import (
    AuthenticationError,
    AuthorizationError,
    RateLimitedError,
)
from failwell.store import StoreError

LINK_COOKIE = "failwell_console_link"
LINK_NAME = "link"
TOKEN_HEADER = "X-Form-Token"  # noqa: S105 - the name of a header
_CHALLENGE = 'Bearer realm="failwell console"'
_SAFE = ("GET", "HEAD", "OPTIONS")
_STRANGERS_BYTES, _VISITORS_BYTES = 16 * 1024, 256 * 1024
_PLAIN = re.compile(r"[\w/-]*", re.ASCII)  # no dots: `..` would lead outside


def add_gate(blueprint: Blueprint, routes: Routes, desk: Desk) -> None:
    """Close every route of the blueprint, and add those that open it."""
    gate = _Gate(routes, desk)
    blueprint.before_request(gate.check)
    routes.add("/signin", "sign_in", gate.sign_in, role=None)
    routes.add(
        "/signin", "sign_in_by_key", gate.sign_in_by_key, role=None, methods=["POST"]
    )
    routes.add("/signin/link", "redeem_link", gate.redeem_link, role=None)
    routes.add("/signout", "sign_out", gate.sign_out, methods=["POST"])


class _Gate:
    def __init__(self, routes: Routes, desk: Desk) -> None:
        self._routes = routes
        self._desk = desk
        self._access = desk.access

    def check(self) -> AnyResponse | None:
        """Let a request pass, or answer it: the same for every address there is."""
        request.max_content_length = _STRANGERS_BYTES
        needed = self._routes.role((request.endpoint or "").rpartition(".")[2])
        if needed is None:
            return None
        visitor = self._desk.visitor()
        if visitor is None:
            return self._turn_away()
        request.max_content_length = _VISITORS_BYTES
        if visitor.role < needed:
            message = f"This takes the role {needed.word}; yours is {visitor.role.word}"
            return self._desk.refuse(AuthorizationError(message, [needed.word]))
        if request.method not in _SAFE and not self._is_meant(visitor):
            return self._forged()
        return None

    def sign_in(self) -> AnyResponse:
        """Show the form, or take up the token of a link."""
        if self._desk.visitor():
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
        response = (
            self._admit(Role.ADMIN, LINK_NAME) if fresh else self._form("used", 403)
        )
        self._delete_cookie(response, LINK_COOKIE)
        return response

    def sign_in_by_key(self) -> AnyResponse:
        """Check the key; no token in the form: who knows the key needs no forgery."""
        if not _same_origin():
            return self._form("foreign", 403)
        address = request.remote_addr or ""
        wait_s = self._desk.attempts.wait_s(address)
        if wait_s:
            response = self._form("too_often", 429)
            response.headers["Retry-After"] = str(wait_s)
            return response
        role = self._access.role_of(request.form.get("key", "").strip())
        if role is None:
            self._desk.attempts.add(address)
            self._desk.note("refused", by="nobody", key="wrong", address=address)
            return self._form("wrong_key", 403)
        return self._admit(role, KEY_NAMES[role])

    def sign_out(self) -> AnyResponse:
        """Forget the session in this browser."""
        self._desk.note("signed out")
        response = redirect(url_for(".sign_in"), 303)
        self._delete_cookie(response, SESSION_COOKIE)
        return response

    def _turn_away(self) -> AnyResponse:
        if not self._desk.wants_json():
            wanted = request.script_root + request.full_path.rstrip("?")
            by_get = request.method == "GET"
            return redirect(url_for(".sign_in", next=wanted if by_get else None), 303)
        wait_s = self._desk.attempts.wait_s(request.remote_addr or "")
        if request.authorization and wait_s:
            refusal = RateLimitedError("of wrong keys", retry_after=wait_s)
            return self._desk.refuse(refusal)
        return self._desk.refuse(
            AuthenticationError(
                "Sign in to the console, or send its key as a bearer token",
                challenge=_CHALLENGE,
            )
        )

    def _is_meant(self, visitor: Visitor) -> bool:
        """Return whether the visitor means it, and not a page of another site."""
        if visitor.is_program:
            return True
        given = request.headers.get(TOKEN_HEADER) or request.form.get("form_token", "")
        return _same_origin() and self._access.is_form_token(visitor, given)

    def _forged(self) -> Response:
        if self._desk.wants_json():
            message = f"Send the token of a form in {TOKEN_HEADER}, or a bearer token"
            return self._desk.refuse(AuthorizationError(message))
        return self._desk.page("message.html", 403, about="forged")

    def _admit(self, role: Role, name: str) -> AnyResponse:
        address = request.remote_addr or ""
        self._desk.note("signed in", by=name, role=role.word, address=address)
        response = redirect(self._wanted(), 303)
        session = self._access.issue_session(role, name)
        self._set_cookie(response, SESSION_COOKIE, session, SESSION_LIFETIME_S)
        return response

    def _form(self, problem: str | None = None, status: int = 200) -> Response:
        wanted = request.values.get("next", "")
        return self._desk.page("signin.html", status, problem=problem, wanted=wanted)

    def _wanted(self) -> str:
        return inside(request.values.get("next", ""))

    def _set_cookie(
        self, response: AnyResponse, name: str, value: str, lifetime_s: int
    ) -> None:
        # Lax, not Strict: a link in a mail or a chat is a cross-site navigation, and
        # with Strict its redirect would arrive without the cookie just set.
        response.set_cookie(
            name,
            value,
            max_age=lifetime_s,
            path=_cookie_path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _delete_cookie(self, response: AnyResponse, name: str) -> None:
        response.delete_cookie(
            name,
            path=_cookie_path(),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )


def inside(wanted: str) -> str:
    """Return an address that a client asks to be led to, or that of the list.

    Only what is inside of the console is led to.
    """
    home = url_for(".groups")
    path = wanted.partition("?")[0]
    is_inside = path.startswith(home) and _PLAIN.fullmatch(path.removeprefix(home))
    return wanted if is_inside and wanted.isprintable() else home


def _cookie_path() -> str:
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
