"""The numbers of all that a batch names: fingerprints, kinds, answers and losses."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from failwell.records import (
    AnswerDefinition,
    Definition,
    GroupDefinition,
    LossDefinition,
)
from failwell.store._database._bulk import Transaction
from failwell.store._intake._fingerprints import Fingerprints, Key, Label
from failwell.store._intake._names import ANSWERS, KINDS, LOSSES, Answer, Kind, Loss
from failwell.store._intake._spooled import Outline, SpooledRecord
from failwell.store._ledger._releases import note_releases
from failwell.store._text import clean
from failwell.store._times import DAY

_REMEMBERED = 4096


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
        records: Sequence[SpooledRecord],
    ) -> None:
        named = _Named()
        for definition in definitions:
            named.add(definition)
        outlines = [record.outline for record in records]
        for outline, record in zip(outlines, records, strict=True):
            if outline not in named.groups:
                named.groups[outline] = record.group()
        self._answers = ANSWERS.of(transaction, named.answers)
        self._losses = LOSSES.of(transaction, named.losses)
        self._new_kinds: list[Kind] = []
        wanted = {_kind(outline) for outline in named.groups}
        kinds = KINDS.of(transaction, wanted, self._new_kinds)
        self._transaction = transaction
        self._fingerprints = Fingerprints(transaction)
        self._fingerprints.find(
            {_key(outline): group for outline, group in reversed(named.groups.items())}
        )
        self._groups = {
            outline: self._fingerprints.label(_key(outline), kinds[_kind(outline)])
            for outline in named.groups
        }
        self.records = [self._groups[outline] for outline in outlines]
        """Where each record belongs."""

    def group(self, definition: GroupDefinition) -> Label:
        """Return where what a definition counts belongs."""
        return self._groups[_outline(definition)]

    def note_user(self, definition: GroupDefinition, user: bytes) -> None:
        """Note who met what a definition counts."""
        self._fingerprints.met[self.group(definition).fingerprint_id].add(user)

    def answer(self, definition: AnswerDefinition) -> int:
        """Return the number of what a definition counts."""
        return self._answers[_answer(definition)]

    def loss(self, definition: LossDefinition) -> int:
        """Return the number of what a definition counts."""
        return self._losses[_loss(definition)]

    @property
    def new_groups(self) -> Sequence[int]:
        """The numbers of the groups that were made."""
        return self._fingerprints.new_groups

    def write(self, day: int, now: int) -> None:
        """Bring releases, fingerprints and groups up to date.

        Args:
            day: On which the users came.
            now: The present moment.
        """
        # A release that is new comes with a kind that is new.
        if self._new_kinds:
            note_releases(self._transaction, self._first_seen(now))
        self._fingerprints.write(day, now)

    def _first_seen(self, now: int) -> Iterator[tuple[str, str, int]]:
        """Yield the releases of new kinds, and when they were seen."""
        seen = {(kind.application, kind.release): now for kind in self._new_kinds}
        for outline, label in self._groups.items():
            kind = _kind(outline)
            release = kind.application, kind.release
            if release in seen and not label.span.is_empty():
                seen[release] = min(seen[release], label.span.first()[0])
        for (application, name), first in seen.items():
            if name:
                # A clock gone mad must not make it older than all the others.
                yield application, name, max(first, now - DAY)


class _Named:
    """What is named, each once."""

    def __init__(self) -> None:
        self.groups: dict[Outline, GroupDefinition] = {}
        self.answers: set[Answer] = set()
        self.losses: set[Loss] = set()

    def add(self, definition: Definition) -> None:
        if isinstance(definition, GroupDefinition):
            self.groups.setdefault(_outline(definition), definition)
        elif isinstance(definition, AnswerDefinition):
            self.answers.add(_answer(definition))
        else:
            self.losses.add(_loss(definition))


def _outline(of: GroupDefinition) -> Outline:
    return Outline(
        of.application,
        of.environment,
        of.release,
        of.code,
        of.type,
        of.algorithm,
        of.hash,
    )


@lru_cache(_REMEMBERED)
def _key(of: Outline) -> Key:
    return Key(clean(of.application), clean(of.algorithm), clean(of.hash))


@lru_cache(_REMEMBERED)
def _kind(of: Outline) -> Kind:
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
