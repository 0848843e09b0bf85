"""The numbers of all that a batch names: fingerprints, kinds, answers and losses."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from failwell.records import (
    AnswerDefinition,
    Definition,
    ErrorRecord,
    GroupDefinition,
    LossDefinition,
)
from failwell.store._batch import StoredRecord, clean, group_of
from failwell.store._bulk import Transaction
from failwell.store._fingerprints import Fingerprints, Key, key_of
from failwell.store._names import ANSWERS, KINDS, LOSSES, Answer, Kind, Loss
from failwell.store._span import Span


class Label(NamedTuple):
    """Where an error belongs."""

    fingerprint_id: int
    kind_id: int
    span: Span
    """To be told when it happened."""


class Labels:
    """Finds the numbers of what is given, and makes those that are new.

    Args:
        transaction: A writing one.
        definitions: What is counted; the first that names a group says what it is.
        records: What is kept.
    """

    def __init__(
        self,
        transaction: Transaction,
        definitions: Iterable[Definition],
        records: Sequence[StoredRecord],
    ) -> None:
        outlines: dict[_Outline, StoredRecord] = {}
        for stored in records:
            outlines.setdefault(_outline(stored.record), stored)
        named = _Named()
        named.add(definitions)
        of_records = {at: group_of(stored) for at, stored in outlines.items()}
        named.add(of_records.values())
        self._kinds = KINDS.of(transaction, named.kinds)
        self._answers = ANSWERS.of(transaction, named.answers)
        self._losses = LOSSES.of(transaction, named.losses)
        self._fingerprints = Fingerprints(transaction)
        self._fingerprints.find(named.groups)
        self._records = {at: self.group(group) for at, group in of_records.items()}

    def record(self, record: ErrorRecord) -> Label:
        """Return where a record belongs."""
        return self._records[_outline(record)]

    def group(self, definition: GroupDefinition) -> Label:
        """Return where what a definition counts belongs."""
        kind_id = self._kinds[_kind(definition)]
        return Label(*self._fingerprints.label(key_of(definition), kind_id))

    def answer(self, definition: AnswerDefinition) -> int:
        """Return the number of what a definition counts."""
        return self._answers[_answer(definition)]

    def loss(self, definition: LossDefinition) -> int:
        """Return the number of what a definition counts."""
        return self._losses[_loss(definition)]

    def write(self) -> None:
        """Bring the totals of fingerprints and groups up to date with the spans."""
        self._fingerprints.write()


class _Outline(NamedTuple):
    """What decides where a record belongs, as it was written."""

    application: str
    environment: str
    release: str
    code: str
    type: str
    algorithm: str
    group: str


def _outline(record: ErrorRecord) -> _Outline:
    return _Outline(
        record.application,
        record.environment,
        record.release,
        record.code,
        record.type,
        record.algorithm,
        record.group,
    )


class _Named:
    """Names, each once."""

    def __init__(self) -> None:
        self.groups: dict[Key, GroupDefinition] = {}
        self.kinds: set[Kind] = set()
        self.answers: set[Answer] = set()
        self.losses: set[Loss] = set()

    def add(self, definitions: Iterable[Definition]) -> None:
        for definition in definitions:
            if isinstance(definition, GroupDefinition):
                self.groups.setdefault(key_of(definition), definition)
                self.kinds.add(_kind(definition))
            elif isinstance(definition, AnswerDefinition):
                self.answers.add(_answer(definition))
            else:
                self.losses.add(_loss(definition))


def _kind(of: GroupDefinition) -> Kind:
    return Kind(
        clean(of.application),
        clean(of.environment),
        clean(of.release),
        clean(of.code),
        clean(of.type),
    )


def _answer(of: AnswerDefinition) -> Answer:
    return Answer(
        clean(of.application),
        clean(of.environment),
        clean(of.release),
        clean(of.code),
        of.status,
        clean(of.method),
        clean(of.route),
    )


def _loss(of: LossDefinition) -> Loss:
    return Loss(
        clean(of.application),
        clean(of.environment),
        clean(of.release),
        clean(of.reason),
    )
