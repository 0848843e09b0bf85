"""Who may enter, decided from the console's keys and the time alone.

Owns the tokens of one-time links, the sessions and the form tokens, all signed with
keys derived from those of the console: a new key ends every session that was opened by
the one before it, and a new `FAILWELL_CONSOLE_KEY` all of them, and every link. Knows
no request; `_visitors` and `_gate` ask.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._settings import Settings
from failwell.console._roles import Role, Visitor

LINK_LIFETIME_S = 15 * 60
SESSION_LIFETIME_S = 12 * 3600


class Ticket(NamedTuple):
    """What a link carries, once its signature was found right."""

    id: str
    expires_at: float
    """Seconds since 1970-01-01 UTC."""


class Access:
    """Issue and check what opens the console.

    Args:
        keys: The key of each role that has one. That of the admin is `FAILWELL_CONSOLE_KEY`
            and signs everything.
        clock: Decides what has expired.
    """

    def __init__(self, keys: Mapping[Role, str], clock: Clock) -> None:
        self._keys = dict(keys)
        self._clock = clock
        self._secret = keys[Role.ADMIN]
        self._links = _signer(self._secret, "failwell.console.link")
        # Together with the console's key: who knows a lesser one can sign nothing.
        self._sessions = {
            role: _signer(f"{self._secret}\n{key}", f"failwell.console.{role.word}")
            for role, key in keys.items()
        }

    def role_of(self, given: str) -> Role | None:
        """Return whose key `given` is, in a time that tells nothing of any of them."""
        found = None
        for role, key in self._keys.items():
            if hmac.compare_digest(_digest(given), _digest(key)):
                found = role
        return found

    def issue_link_token(self) -> str:
        """Return the token of a link that signs in once within 15 minutes."""
        return self._links.dumps([secrets.token_hex(16), self._end(LINK_LIFETIME_S)])

    def read_link_token(self, token: str) -> Ticket | None:
        """Return the ticket of a token, or None; used or not is the store's to say."""
        content = _read(self._links, token)
        ticket = None if content is None else Ticket(*content)
        return ticket if ticket and self._clock.now() < ticket.expires_at else None

    def issue_session(self, role: Role, name: str) -> str:
        """Return the value of a session cookie, good for 12 hours.

        Args:
            role: One that has a key.
            name: What histories call the visitor.
        """
        content = [secrets.token_hex(16), self._end(SESSION_LIFETIME_S), name]
        return self._sessions[role].dumps(content)

    def read_session(self, cookie: str) -> Visitor | None:
        """Return who has the session, or None when it is forged or has expired."""
        for role, signer in self._sessions.items():
            content = _read(signer, cookie)
            if content is not None:
                proof, expires_at, name = content
                visitor = Visitor(name=name, role=role, proof=proof, has_session=True)
                return visitor if self._clock.now() < expires_at else None
        return None

    def form_token(self, visitor: Visitor) -> str:
        """Return the token that a form of this visitor must send back."""
        message = f"failwell.console.form:{visitor.proof}".encode()
        return hmac.new(_digest(self._secret), message, hashlib.sha256).hexdigest()

    def is_form_token(self, visitor: Visitor, given: str) -> bool:
        """Return whether `given` is the form token of this visitor."""
        return hmac.compare_digest(_digest(given), _digest(self.form_token(visitor)))

    def _end(self, lifetime_s: float) -> int:
        return int(self._clock.now() + lifetime_s)


def keys_of(settings: Settings) -> dict[Role, str]:
    """Return the keys that open the console; none where it is closed."""
    keys = {
        Role.ADMIN: settings.console_key,
        Role.OPERATOR: settings.console_operator_key,
        Role.VIEWER: settings.console_viewer_key,
    }
    return {role: key for role, key in keys.items() if key is not None}


def signin_link(settings: Settings, base_url: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Return a link that signs in to the console once, as admin, within 15 minutes.

    Args:
        settings: Those of the application that serves the console.
        base_url: Where people reach the application, such as `http://127.0.0.1:5000`.
        clock: Decides when the 15 minutes begin.

    Raises:
        ValueError: No console key is set, so there is no console to sign in to.
    """
    if settings.console_key is None:
        message = "there is no console to sign in to: set FAILWELL_CONSOLE_KEY"
        raise ValueError(message)
    token = Access({Role.ADMIN: settings.console_key}, clock).issue_link_token()
    return f"{base_url.rstrip('/')}{settings.console_prefix}/signin?token={token}"


def _signer(secret: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret,
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _read(signer: URLSafeSerializer, text: str) -> list[Any] | None:
    try:
        content: list[Any] = signer.loads(text)
    except BadData:
        return None
    return content


def _digest(text: str) -> bytes:
    # Equal lengths, so that the comparison does not tell the length of the key.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
