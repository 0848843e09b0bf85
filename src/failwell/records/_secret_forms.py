"""The patterns of what a secret looks like: names that carry one, and the forms it has.

They run on re2, which is linear in the text whatever is in it, and err on the side of
hiding: a word too many is lost from a message, never a password.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import re2

# Anywhere in a name: `db_password`, `X-Api-Key`, `accessToken`, `session[id]`.
_NAME_PARTS = (
    "pass[-_. ]?(?:word|wd|phrase|code|key)",
    "pwd",
    "secret",
    "token",
    "authori[sz]ation",
    "credential",
    "cookie",
    "sess(?:ion|id)",
    "[cx]srf",
    "jwt",
    "bearer",
    "cv[vc]",
    "signature",
    "iban",
    "(?:api|app|auth|access|account|client|encryption|master|private|secret|service|shared|signing|ssh)[-_. ]?key",
    "(?:bank|credit|debit|payment)[-_. ]?card",
    "card[-_. ]?(?:code|data|holder|no|num)",
    "account[-_. ]?(?:no|num)",
    "(?:security|verification|recovery|backup)[-_. ]?code",
    "social[-_. ]?security",
)
# Only as a word of its own: `mapping` is no pin, `discard` no card, `author` no auth.
_NAME_WORDS = "auth|card|creds|mfa|otp|pan|pass|pin|psk|pw|sid|sig|ssn|totp"
_NAME_HUMPS = "Auth|Card|MFA|Mfa|OTP|Otp|PAN|Pan|PIN|Pin|Pw|SSN|Ssn"
# Such a word within a name that joins its words by capitals: `otpCode`, `userPin`.
_HUMP = (
    rf"(?-i:(?:\b|_)(?:{_NAME_WORDS}|{_NAME_HUMPS})[A-Z][a-z]"
    rf"|[a-z0-9](?:{_NAME_HUMPS})(?:\b|[^a-z]))"
)

_SEPARATORS = re.compile("[-_. ]+")

# A name, then `=`, `:`, `=>`, `>` of an XML element or an encoded `=`, even repeated
# (`token: password: x`); quotes of the name may be escaped.
_END = r"""[^\s=:&"'<>,;\\%]*"""
_SCHEME = r"(?:(?:basic|bearer|digest|negotiate|token)\s+)?"
_QUOTED = (
    r"""[bru]{0,2}"(?:[^"\\]|(?s:\\.))*["\\]?|[bru]{0,2}'(?:[^'\\]|(?s:\\.))*['\\]?"""
)
_BRACKETED = r"(?:\[[^\]]*\]?|\{[^}]*\}?|\([^)]*\)?)[^\s&;,<\"'\\]*"
_ESCAPED = r"""\\+["'][^"'\\]*"""
_BARE = r"(?:[^\s&;,<]|,[^\s])+"

# What needs no name.
_FORMS = (
    r"(?P<scheme>\b(?:basic|bearer|digest|negotiate)\s+)[a-z0-9._~+/=-]{8,}",
    r"""(?P<user>://)[^\s/"<>]*@""",
    r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*",
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    # Tokens that name their issuer.
    r"(?-i:\b(?:gh[opsur]_|github_pat_|glpat-|npm_|pypi-|[rs]k_(?:live|test)_|sk-|xox[abeprs]-|whsec_|SG\.|AIza|AKIA|ASIA)[\w.-]{16,})",
    # SQLAlchemy and PostgreSQL quote whole rows.
    r"(?P<row>\[parameters: |failing row contains )(?s:.*)",
    # Payment cards: thirteen to nineteen digits, or grouped as they are printed.
    r"(?P<card>(?:\b|_)(?:[3-6]\d{12,18}|[2-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|3\d{3}[ -]\d{6}[ -]\d{5})(?:\b|_))",
)


class Patterns(NamedTuple):
    """What is searched for."""

    name: "re2._Regexp[str]"
    """In the name of a field."""
    secret: "re2._Regexp[str]"
    """In a text; its groups say what to keep."""
    own: tuple["re2._Regexp[str]", ...]
    """In a text, as the application asked for it."""


def compile_patterns(names: Iterable[str] = (), own: Iterable[str] = ()) -> Patterns:
    """Return the patterns.

    Args:
        names: More parts of names that carry a secret; however their words are joined.
        own: More patterns of secrets; each one has been compiled before.
    """
    part = "|".join((*_NAME_PARTS, *map(_joined, names)))
    name = rf"(?:{part})|(?:\b|_)(?:{_NAME_WORDS})(?:\b|[-_.\d])|{_HUMP}"
    key = rf"""(?:(?:{name}){_END}[\\"'\s]*(?:=>|[=:>]|%3D)\s*)"""
    forms = (
        # Headers whose whole line is the secret.
        rf"""(?P<line>(?:cookie|authorization)["']?\s*:\s*)(?P<rest>{_QUOTED}|[^\s"'\\][^\r\n]*)""",
        rf"(?P<key>{key}+){_SCHEME}(?P<value>{_QUOTED}|{_ESCAPED}|{_BRACKETED}|{_BARE})",
        *_FORMS,
    )
    return Patterns(
        name=re2.compile(
            rf"(?i)(?:{part})"
            rf"|(?:^|[^a-z])(?:{_NAME_WORDS})(?:$|[^a-z])"
            rf"|{_HUMP}"
        ),
        secret=re2.compile("(?i)" + "|".join(f"(?:{form})" for form in forms)),
        own=tuple(re2.compile(pattern) for pattern in own),
    )


def _joined(name: str) -> str:
    return "[-_. ]?".join(re2.escape(word) for word in _SEPARATORS.split(name) if word)
