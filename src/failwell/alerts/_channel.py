"""What a channel is, what is sent there, and what is said where that fails.

Owns that no URL of a channel, and no part of it, gets into what is said of a failure.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from failwell.logs import escape

_LONGEST = 300
_SHORTEST_SECRET = 4


class ChannelError(Exception):
    """A message was not taken; the text says what came back, and nothing secret."""


class Message(NamedTuple):
    """What is sent: the same in each try."""

    id: str
    title: str
    text: str
    body: str
    """The alert as JSON."""


class Channel(Protocol):
    """Where messages go."""

    def send(self, message: Message) -> None:
        """Send one; return when it was taken.

        Raises:
            ChannelError: It was not.
        """


def without_secrets(text: str, url: str) -> str:
    """Return a text as one short line, without any part of a channel's URL."""
    for part in sorted(_parts(url), key=len, reverse=True):
        text = text.replace(part, "***")
    return escape(text)[:_LONGEST]


def _parts(url: str) -> Iterator[str]:
    yield url
    for part in re.split(r"[/:@?&=,#;]+", url.partition("://")[2]):
        if len(part) >= _SHORTEST_SECRET:
            yield part
            yield unquote(part)
