"""What this process counts: each group and each kind of answer, defined once.

Owns the bytes that a sink keeps in front of the first count of a key. They are made
before the sink asks: it asks while it holds its lock, and a message may run the
application's code.
"""

from hashlib import blake2b
from typing import TypeVar

import msgspec

from failwell._settings import Settings
from failwell.records._frames import Link
from failwell.records._message import message_of
from failwell.records._model import AnswerDefinition, GroupDefinition
from failwell.records._text import clean, type_name

Key = TypeVar("Key")
Value = TypeVar("Value")

LABEL_LENGTH = 300
_LIMIT = 4096
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)


class Definitions:
    """The definitions made so far, at most 4,096 of each kind.

    Args:
        settings: Names the application, its environment and release.
    """

    def __init__(self, settings: Settings) -> None:
        self._application = settings.application
        self._environment = settings.environment
        self._release = settings.release
        self._groups: dict[str, bytes] = {}
        self._answers: dict[tuple[str, int, str, str], tuple[bytes, bytes]] = {}

    def of_group(self, group: str, raised: Link, code: str) -> bytes:
        """Return the definition of a group; that of its first error stays."""
        known = self._groups.get(group)
        if known is None:
            blamed = raised.stack.blamed
            definition = GroupDefinition(
                hash=group,
                application=self._application,
                environment=self._environment,
                release=self._release,
                code=code,
                type=type_name(type(raised.error)),
                culprit=f"{blamed.module}:{blamed.function}" if blamed else "",
                message=message_of(raised.error),
            )
            known = _remember(self._groups, group, msgspec.json.encode(definition))
        return known

    def of_answer(
        self, code: str, status: int, method: str, route: str
    ) -> tuple[bytes, bytes]:
        """Return the key and the definition of a kind of answer."""
        # Whoever sends requests chooses the method: it must not multiply counters.
        method = method if method in _METHODS else "OTHER"
        fields = code, status, method, route
        known = self._answers.get(fields)
        if known is None:
            definition = msgspec.json.encode(
                AnswerDefinition(
                    application=self._application,
                    environment=self._environment,
                    release=self._release,
                    code=clean(code, LABEL_LENGTH),
                    status=status,
                    method=method,
                    route=clean(route, LABEL_LENGTH),
                )
            )
            key = blake2b(definition, digest_size=8, person=b"failwell-answer").digest()
            known = _remember(self._answers, fields, (key, definition))
        return known


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(memory) >= _LIMIT:
        memory.clear()
    memory[key] = value
    return value
