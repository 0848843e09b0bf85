"""What is told: an alert with its findings, as it is kept and as a webhook gets it.

Owns the form, which is documented: fields are only ever added.
"""

from datetime import datetime

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a rule asked for."""

    subject: str
    """What it is about: as long as it goes on, it is told once."""
    title: str
    said: str
    """The numbers, in a sentence."""
    at: datetime
    group_id: int | None = None
    code: str = ""
    link: str = ""
    """To the console, where its address is known."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What one message says."""

    id: str
    """The same in each try, and for each channel."""
    at: datetime
    application: str
    environment: str
    rule: str
    kind: str
    title: str
    number: int
    """How many findings it tells of."""
    findings: tuple[Finding, ...]
    """The first of them."""
    why: str
    change: str
    """How to have other alerts, or none."""
    link: str = ""
