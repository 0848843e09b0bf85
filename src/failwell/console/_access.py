"""Who may enter, decided from the console key and the time alone.

Owns the tokens of one-time links, the sessions and the form tokens, all signed with
keys derived from the console key: a new console key ends every one of them. Knows no
request; `_gate` asks.
"""

import hashlib
import hmac
import secrets
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._settings import Settings

LINK_LIFETIME_S = 15 * 60
SESSION_LIFETIME_S = 12 * 3600


class Ticket(NamedTuple):
    """What a link or a session carries, once its signature was found right."""

    id: str
    expires_at: float
    """Seconds since 1970-01-01 UTC."""


class Access:
    """Issue and check what opens the console.

    Args:
        key: The console key; whoever knows it may enter.
        clock: Decides what has expired.
    """

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self._links = _signer(key, "failwell.console.link")
        self._sessions = _signer(key, "failwell.console.session")

    def is_key(self, given: str) -> bool:
        """Return whether `given` is the key, in a time that tells nothing of it."""
        return hmac.compare_digest(_digest(given), _digest(self._key))

    def issue_link_token(self) -> str:
        """Return the token of a link that signs in once within 15 minutes."""
        return self._issue(self._links, LINK_LIFETIME_S)

    def read_link_token(self, token: str) -> Ticket | None:
        """Return the ticket of a token, or None; used or not is the store's to say."""
        return self._read(self._links, token)

    def issue_session(self) -> str:
        """Return the value of a session cookie, good for 12 hours."""
        return self._issue(self._sessions, SESSION_LIFETIME_S)

    def read_session(self, cookie: str) -> Ticket | None:
        """Return the session's ticket, or None when it is forged or has expired."""
        return self._read(self._sessions, cookie)

    def form_token(self, session: Ticket) -> str:
        """Return the token that a form of this session must send back."""
        message = f"failwell.console.form:{session.id}".encode()
        return hmac.new(_digest(self._key), message, hashlib.sha256).hexdigest()

    def is_form_token(self, session: Ticket, given: str) -> bool:
        """Return whether `given` is the form token of this session."""
        return hmac.compare_digest(_digest(given), _digest(self.form_token(session)))

    def _issue(self, signer: URLSafeSerializer, lifetime_s: float) -> str:
        expires_at = int(self._clock.now() + lifetime_s)
        return signer.dumps([secrets.token_hex(16), expires_at])

    def _read(self, signer: URLSafeSerializer, text: str) -> Ticket | None:
        try:
            ticket = Ticket(*signer.loads(text))
        except BadData:
            return None
        return ticket if self._clock.now() < ticket.expires_at else None


def signin_link(settings: Settings, base_url: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Return a link that signs in to the console once, within 15 minutes.

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
    token = Access(settings.console_key, clock).issue_link_token()
    return f"{base_url.rstrip('/')}{settings.console_prefix}/signin?token={token}"


def _signer(key: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        key,
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _digest(text: str) -> bytes:
    # Equal lengths, so that the comparison does not tell the length of the key.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
