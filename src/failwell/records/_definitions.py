"""What this process counts: each group and each kind of answer, defined once.

Owns the bytes that a sink keeps in front of the first count of a key, and what else is
the same each time that an error happens in the same way. The bytes are made before the
sink asks: it asks while it holds its lock, and a message may run the application's code.
"""

from hashlib import blake2b
from typing import NamedTuple, TypeVar

import msgspec

from failwell._settings import Settings
from failwell.records._fingerprint import (
    fingerprint_chain,
    fingerprint_explicit,
    message_part,
)
from failwell.records._frames import Link, Relation, Stack
from failwell.records._message import message_of
from failwell.records._model import AnswerDefinition, GroupDefinition
from failwell.records._text import clean, type_name

Key = TypeVar("Key")
Value = TypeVar("Value")

LABEL_LENGTH = 300
_LIMIT = 4096
_FAULTS_LIMIT = 1024
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)


_Way = tuple[
    str,
    str | tuple[str, ...],
    tuple[tuple[Relation, type[BaseException], Stack], ...],
]
"""Code, message where it counts or the application's own fingerprint, and of each link
its relation, type and stack."""


class Fault(NamedTuple):
    """A way to fail; those of one group differ in the lines that they pass."""

    group: str
    key: bytes
    """Of the group's counter."""
    definition: bytes
    """What that counter counts."""
    type: str
    place: str
    """`module:function:line` of the frame that counts, empty without a stack."""


class Definitions:
    """The definitions made so far, at most 4,096 of each kind.

    Args:
        settings: Names the application, its environment and release.
    """

    def __init__(self, settings: Settings) -> None:
        self._application = settings.application
        self._environment = settings.environment
        self._release = settings.release
        self._faults: dict[_Way, Fault] = {}
        self._groups: dict[str, bytes] = {}
        self.answers: dict[tuple[str, int, str, str], tuple[bytes, bytes]] = {}
        """Key and definition by code, status, method and route, as they were asked for."""

    def of_error(
        self, chain: tuple[Link, ...], code: str, own: tuple[str, ...] = ()
    ) -> Fault:
        """Return what is the same for every error of this chain and code.

        `own` is the fingerprint that the application gave, which alone then decides.
        """
        outline = [(link.relation, type(link.error), link.stack) for link in chain]
        way = code, own or message_part(chain[0]), tuple(outline)
        known = self._faults.get(way)
        if known is None:
            fault = self._describe(chain, code, own)
            known = _remember(self._faults, way, fault, _FAULTS_LIMIT)
        return known

    def _describe(
        self, chain: tuple[Link, ...], code: str, own: tuple[str, ...]
    ) -> Fault:
        group = fingerprint_explicit(own) if own else fingerprint_chain(chain, code)
        blamed = chain[0].stack.blamed
        return Fault(
            group=group,
            key=bytes.fromhex(group),
            definition=self._of_group(group, chain[0], code),
            type=type_name(type(chain[0].error)),
            place=f"{blamed.module}:{blamed.function}:{blamed.line}" if blamed else "",
        )

    def _of_group(self, group: str, raised: Link, code: str) -> bytes:
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
        known = self.answers.get(fields)
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
            known = _remember(self.answers, fields, (key, definition))
        return known


def _remember(
    memory: dict[Key, Value], key: Key, value: Value, limit: int = _LIMIT
) -> Value:
    if len(memory) >= limit:
        memory.clear()
    memory[key] = value
    return value
