"""Who makes the present request: by key, by session, by a proxy, or of the application.

Owns asking each of them in turn. What cannot be read, or fails, is nobody.
"""

import ipaddress
import logging
from collections.abc import Callable
from typing import Any

from flask import request

from failwell._settings import Settings
from failwell.console._access import Access
from failwell.console._attempts import Attempts
from failwell.console._roles import ROLES, Role, Visitor

SESSION_COOKIE = "failwell_console"

_logger = logging.getLogger("failwell")
_KNOWN = "failwell.console.visitor"
_NAME_LENGTH = 200
_ANYBODY = "*"
NO_ADDRESS = "unix"
"""Stands among the proxy's addresses for a socket of this machine, which has none."""
KEY_NAMES = {
    Role.ADMIN: "key",
    Role.OPERATOR: "operator key",
    Role.VIEWER: "viewer key",
}


class Visitors:
    """Tell who the visitor is.

    Args:
        settings: Those of the application.
        access: Reads keys and sessions.
        attempts: Counts wrong keys.
        ask_user: Returns the function that says who of the application's users may
            enter, or None; asked at each request, for it may be given later.
    """

    def __init__(
        self,
        settings: Settings,
        access: Access,
        attempts: Attempts,
        ask_user: Callable[[], Callable[[], object] | None],
    ) -> None:
        self._access = access
        self._attempts = attempts
        self._ask_user = ask_user
        self._header = settings.console_proxy_header
        self._proxies = [
            ipaddress.ip_network(address)
            for address in settings.console_proxy_addresses
            if address != NO_ADDRESS
        ]
        self._trusts_sockets = NO_ADDRESS in settings.console_proxy_addresses
        self._proxy_roles = dict(settings.console_proxy_roles)

    def present(self, *, as_program: bool) -> Visitor | None:
        """Return who makes the present request, or None for nobody who may enter.

        Args:
            as_program: Whether a key may be borne.
        """
        # In the request's own surroundings: the application is asked once.
        if _KNOWN not in request.environ:
            request.environ[_KNOWN] = (
                (self._by_bearer() if as_program else None)
                or self._access.read_session(request.cookies.get(SESSION_COOKIE, ""))
                or self._by_proxy()
                or self._by_application()
            )
        visitor: Visitor | None = request.environ[_KNOWN]
        return visitor

    def _by_bearer(self) -> Visitor | None:
        given = request.authorization
        if given is None or given.type != "bearer":
            return None
        address = request.remote_addr or ""
        if self._attempts.wait_s(address):
            return None
        role = self._access.role_of(given.token or "")
        if role is None:
            self._attempts.add(address)
            return None
        name = KEY_NAMES[role]
        return Visitor(name=name, role=role, proof="", is_program=True)

    def _by_proxy(self) -> Visitor | None:
        name = request.headers.get(self._header, "").strip() if self._header else ""
        if not name or not self._is_proxy():
            return None
        word = self._proxy_roles.get(name) or self._proxy_roles.get(_ANYBODY)
        if word is None:
            return None
        return Visitor(
            name=name[:_NAME_LENGTH], role=ROLES[word], proof=f"proxy {name}"
        )

    def _is_proxy(self) -> bool:
        """Return whether the connection itself comes from the proxy.

        `ProxyFix` puts the client's address in place of that of the proxy, and lays the
        one that was there aside, where no client can write.
        """
        before: dict[str, Any] = request.environ.get("werkzeug.proxy_fix.orig", {})
        peer = before.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR") or ""
        if not peer:
            return self._trusts_sockets
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _by_application(self) -> Visitor | None:
        ask = self._ask_user()
        if ask is None:
            return None
        try:
            answer = ask()
            return None if answer is None else _visitor(answer)
        except Exception:
            # The application's code, which may fail in any way: then nobody enters by it.
            _logger.exception("The console cannot tell who the application's user is.")
            return None


def _visitor(answer: Any) -> Visitor:  # noqa: ANN401 - whatever the application returns
    """Return the visitor that the application names.

    Raises:
        TypeError: It is no name and role.
        ValueError: The same.
    """
    name, word = answer
    if not isinstance(name, str) or not name or word not in ROLES:
        message = (
            f"the function for the console's users returned {answer!r};"
            f" allowed: None, or a name and one of {', '.join(ROLES)}"
        )
        raise ValueError(message)
    return Visitor(name=name[:_NAME_LENGTH], role=ROLES[word], proof=f"user {name}")
