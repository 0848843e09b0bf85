"""Tokens: what is signed, and what is believed.

Follows RFC 8725: one fixed algorithm, every claim required, issuer and audience
checked, access and refresh told apart by `typ`, nothing oversized parsed, and no
header that ours do not have (`kid`, `jku`, `crit`).
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import jwt

from failwell import InvalidTokenError

_ALGORITHM = "HS256"
_ISSUER = "meetings"
_AUDIENCE = "meetings-api"
_LONGEST = 4096
_REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]
# 18 digits: always an integer that a database can hold.
_SUBJECT = re.compile("[1-9][0-9]{0,17}")
_REFRESH_LIFE = timedelta(days=14)


class TokenKind(StrEnum):
    """What a token is for; the value stands in its `typ` header (RFC 9068)."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What signing in yields."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds that the access token lives."""


class Tokens:
    """Issue and check tokens.

    Args:
        key: The secret that signs, 32 bytes at least.
        access_life: How long an access token lives.
    """

    def __init__(self, key: str, access_life: timedelta) -> None:
        self._key = key
        self._access_life = access_life

    def issue(self, user_id: int, now: datetime) -> TokenPair:
        """Return an access and a refresh token for `user_id`, valid from `now`."""
        return TokenPair(
            access_token=self._sign(TokenKind.ACCESS, user_id, now, self._access_life),
            refresh_token=self._sign(TokenKind.REFRESH, user_id, now, _REFRESH_LIFE),
            expires_in=int(self._access_life.total_seconds()),
        )

    def user_id(self, token: str, kind: TokenKind = TokenKind.ACCESS) -> int:
        """Return whose token this is.

        Raises:
            jwt.PyJWTError: It is expired, forged, or made for something else.
            InvalidTokenError: It is oversized, of another kind, or none of ours.
        """
        if len(token) > _LONGEST:
            raise InvalidTokenError
        parsed = jwt.decode_complete(
            token,
            self._key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={"require": _REQUIRED},
        )
        if parsed["header"] != {"alg": _ALGORITHM, "typ": kind.value}:
            raise InvalidTokenError
        subject = parsed["payload"]["sub"]
        if not _SUBJECT.fullmatch(subject):
            raise InvalidTokenError
        return int(subject)

    def _sign(
        self, kind: TokenKind, user_id: int, now: datetime, life: timedelta
    ) -> str:
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": str(user_id),
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + life,
        }
        return jwt.encode(claims, self._key, _ALGORITHM, headers={"typ": kind.value})
