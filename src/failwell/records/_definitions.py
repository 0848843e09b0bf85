"""What this process counts: each group and each kind of answer, defined once.

Owns the bytes that a sink keeps in front of the first count of a key, and what else is
the same each time that an error happens in the same way. The bytes are made before the
sink asks: it asks while it holds its lock, and a message may run the application's code.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeVar

import msgspec

from failwell._settings import Settings
from failwell.records._chain import Chain, Link, line_of
from failwell.records._fingerprint import hash_of, member_keys, message_part
from failwell.records._grouping import ALGORITHMS, Algorithm, Group, group_of
from failwell.records._message import message_of
from failwell.records._model import AnswerDefinition, GroupDefinition
from failwell.records._text import LABEL_LENGTH, clean, type_name

Key = TypeVar("Key")
Value = TypeVar("Value")

_UNKNOWN = "unknown"
_LIMIT = 4096
_FAULTS_LIMIT = 1024
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)


_Way = tuple[object, ...]
"""Code, what the application says, the message or the members where they count, and of
each link its relation, type and stack."""


Kind = type[BaseException]


class Fault(NamedTuple):
    """A way to fail; those of one group differ in the lines that they pass."""

    group: str
    algorithm: str
    key: bytes
    """Of the group's counter."""
    definition: bytes
    """What that counter counts."""
    type: str
    place: str
    """`module:function:line` of the frame that counts, empty without a stack."""
    kinds: tuple[Kind, ...]
    """Kept so that no other type ever has the address of one of these."""


class Definitions:
    """The definitions made so far, at most 4,096 of each kind.

    Args:
        settings: Names the application, its environment and release.
        algorithms: Those that groups are told apart by; the first one counts.
    """

    def __init__(
        self, settings: Settings, algorithms: Sequence[Algorithm] = ALGORITHMS
    ) -> None:
        self._application = settings.application
        self._environment = settings.environment
        self._release = settings.release
        self._algorithms = algorithms
        self._faults: dict[_Way, Fault] = {}
        self._groups: dict[bytes, bytes] = {}
        self.answers: dict[tuple[str, int, str, str], tuple[bytes, bytes]] = {}
        """Key and definition by code, status, method and route, as they were asked for."""
        self.unknown = self._of_nothing()
        """What stands in for an error that could not be described."""

    def of_error(self, chain: Chain, code: str, said: tuple[str, ...] = ()) -> Fault:
        """Return what is the same for every error of this chain and code.

        Args:
            chain: The error.
            code: What it is answered with.
            said: What the application says of its group.
        """
        # By the address of a type: its hash may be anybody's code.
        outline = [(link.relation, id(type(link.error)), link.stack) for link in chain]
        members = member_keys(line_of(chain)) if chain[-1].relation == "member" else ()
        way = code, said, message_part(chain[0]), *members, *outline
        known = self._faults.get(way)
        if known is None:
            fault = self._describe(chain, code, said)
            known = _remember(self._faults, way, fault, _FAULTS_LIMIT)
        return known

    def _describe(self, chain: Chain, code: str, said: tuple[str, ...]) -> Fault:
        group = group_of(chain, code, said, self._algorithms)
        blamed = chain[0].stack.blamed
        kind = type_name(type(chain[0].error))
        key = bytes.fromhex(group.hash)
        if said:
            # Errors of several kinds in one group: each kind has its counter.
            key = bytes.fromhex(hash_of((group.hash, code, kind)))
        return Fault(
            group=group.hash,
            algorithm=group.algorithm,
            key=key,
            definition=self._of_group(key, group, chain[0], code),
            type=kind,
            place=f"{blamed.module}:{blamed.function}:{blamed.line}" if blamed else "",
            kinds=tuple([type(link.error) for link in chain]),
        )

    def _of_group(self, key: bytes, group: Group, raised: Link, code: str) -> bytes:
        """Return the definition of a group; that of its first error stays."""
        known = self._groups.get(key)
        if known is None:
            blamed = raised.stack.blamed
            definition = GroupDefinition(
                hash=group.hash,
                algorithm=group.algorithm,
                application=self._application,
                environment=self._environment,
                release=self._release,
                code=code,
                type=type_name(type(raised.error)),
                culprit=f"{blamed.module}:{blamed.function}" if blamed else "",
                message=message_of(raised.error),
                parts=group.parts,
                aliases=group.aliases,
            )
            known = _remember(self._groups, key, msgspec.json.encode(definition))
        return known

    def _of_nothing(self) -> Fault:
        group = "0" * 16
        definition = GroupDefinition(
            hash=group,
            application=self._application,
            environment=self._environment,
            release=self._release,
            code="INTERNAL_ERROR",
            type=_UNKNOWN,
            culprit="",
        )
        return Fault(
            group=group,
            algorithm=definition.algorithm,
            key=bytes.fromhex(group),
            definition=msgspec.json.encode(definition),
            type=_UNKNOWN,
            place="",
            kinds=(),
        )

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
