"""What a secret looks like: the names that carry one, and the forms it has.

Owns the patterns. They run on re2, which is linear in the text whatever is in it, and
err on the side of hiding: a word too many is lost from a message, never a password.
"""

from collections.abc import Iterable
from functools import lru_cache

import re2

MARK = "[redacted]"
_PASSES = 5
_REMEMBERED = 2048
_REMEMBERED_LENGTH = 256

# Short texts without a secret: hosts, methods, the messages of a bug that keeps
# happening. Nothing else is remembered: a secret must not outlive its request here.
_harmless: set[str] = set()

# Anywhere in a name: `db_password`, `X-Api-Key`, `accessToken`, `session[id]`.
_NAME_PARTS = (
    "pass[-_. ]?(?:word|wd|phrase|code|key)",
    "pwd",
    "secret",
    "token",
    "authori[sz]ation",
    "credential",
    "cookie",
    "session",
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
_NAME_WORDS = "auth|card|creds|mfa|otp|pan|pass|pin|sid|sig|ssn|totp"
_NAME_HUMPS = "Auth|Card|MFA|Mfa|OTP|Otp|PAN|Pan|PIN|Pin|SSN|Ssn"

_PART = "|".join(_NAME_PARTS)
_NAME = re2.compile(
    rf"(?i)(?:{_PART})"
    rf"|(?:^|[^a-z])(?:{_NAME_WORDS})(?:$|[^a-z])"
    rf"|(?-i:[a-z0-9](?:{_NAME_HUMPS})(?:$|[^a-z]))"
)

# A name, then `=`, `:`, `=>`, `>` of an XML element or an encoded `=`, even repeated
# (`token: password: x`); quotes of the name may be escaped.
_END = r"""[^\s=:&"'<>,;\\%]*"""
_KEY = rf"""(?:(?:(?:{_PART})|(?:\b|_)(?:{_NAME_WORDS})(?:\b|[-_.\d])){_END}[\\"'\s]*(?:=>|[=:>]|%3D)\s*)"""
_SCHEME = r"(?:(?:basic|bearer|digest|negotiate|token)\s+)?"
_QUOTED = (
    r"""[bru]{0,2}"(?:[^"\\]|(?s:\\.))*["\\]?|[bru]{0,2}'(?:[^'\\]|(?s:\\.))*['\\]?"""
)
_BRACKETED = r"(?:\[[^\]]*\]?|\{[^}]*\}?|\([^)]*\)?)[^\s&;,<\"'\\]*"
_ESCAPED = r"""\\+["'][^"'\\]*"""
_BARE = r"(?:[^\s&;,<]|,[^\s])+"

_FORMS = (
    # Headers whose whole line is the secret.
    rf"""(?P<line>(?:cookie|authorization)["']?\s*:\s*)(?P<rest>{_QUOTED}|[^\s"'\\][^\r\n]*)""",
    rf"(?P<key>{_KEY}+){_SCHEME}(?P<value>{_QUOTED}|{_ESCAPED}|{_BRACKETED}|{_BARE})",
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
_SECRET = re2.compile("(?i)" + "|".join(f"(?:{form})" for form in _FORMS))


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Return whether a field, header or parameter of this name carries a secret."""
    return _NAME.search(name) is not None


def hide_secrets(text: str) -> str:
    """Return encodable text with each secret in it replaced by `[redacted]`."""
    if text in _harmless:
        return text
    if _SECRET.search(text) is None:
        _remember(text)
        return text
    # What is left may read as a secret once its neighbour is hidden: until nothing
    # more changes, which the second pass nearly always finds.
    for _ in range(_PASSES):
        before, text = text, _SECRET.sub(_hide, text)
        if text == before:
            break
    return text


def are_harmless(texts: Iterable[str]) -> bool:
    """Return whether none of these texts holds a secret, looked at in one scan."""
    unknown = [text for text in texts if text not in _harmless]
    if unknown and _SECRET.search(" ".join(unknown)) is not None:
        return False
    for text in unknown:
        _remember(text)
    return True


def _remember(harmless: str) -> None:
    if len(harmless) > _REMEMBERED_LENGTH:
        return
    if len(_harmless) >= _REMEMBERED:
        _harmless.clear()
    _harmless.add(harmless)


def _hide(match: "re2._Match[str]") -> str:
    found = match.groupdict("")
    card = found["card"]
    if card:
        return MARK if _is_card_number(card) else card
    if found["user"]:
        return f"://{MARK}@"
    value = (found["rest"] or found["value"]).lstrip("bruBRU")
    quote = value[0] if value.startswith(('"', "'")) else ""
    kept = found["line"] or found["key"] or found["scheme"] or found["row"]
    return f"{kept}{quote}{MARK}{quote}"


def _is_card_number(text: str) -> bool:
    """Return whether the digits add up as those of payment cards do (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
