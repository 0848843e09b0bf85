"""What is named once and then referred to by number: kinds, answers and losses."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from sqlalchemy import Table, select

from failwell.store._database._bulk import Bulk, Transaction, insertion
from failwell.store._database._schema import answers, kinds, losses


class Kind(NamedTuple):
    """What errors are told apart by besides their group."""

    application: str
    environment: str
    release: str
    code: str
    type: str


class Answer(NamedTuple):
    """What was answered without being recorded."""

    application: str
    environment: str
    release: str
    code: str
    status: int
    method: str
    route: str


class Loss(NamedTuple):
    """Why errors that were counted were not kept."""

    application: str
    environment: str
    release: str
    reason: str


Name = TypeVar("Name", Kind, Answer, Loss)


class Numbers:
    """The numbers of the names in a table that has nothing but these and an id.

    Args:
        table: The table.
        shape: Its names.
    """

    def __init__(self, table: Table, shape: type[Name]) -> None:
        names = shape._fields
        self._insert = insertion(table, *names)
        self._find = Bulk(
            [table.c[name] for name in names],
            lambda new: select(table.c.id, *(table.c[name] for name in names)).where(
                *(table.c[name] == new[name] for name in names)
            ),
        )

    def of(
        self,
        transaction: Transaction,
        wanted: Iterable[Name],
        added: list[Name] | None = None,
    ) -> dict[Name, int]:
        """Return the numbers of these names; those that are new get one.

        Args:
            transaction: A writing one.
            wanted: The names.
            added: Is given those that are new.
        """
        # Sorted, so that of two transactions that need the same ones neither waits
        # for the other in a circle.
        names = sorted(set(wanted))
        known = self._known(transaction, names)
        if len(known) < len(names):
            new = [name for name in names if name not in known]
            self._insert.run(transaction, new)
            known.update(self._known(transaction, new))
            if added is not None:
                added += new
        return known

    def _known(self, transaction: Transaction, names: list[Name]) -> dict[Name, int]:
        found = self._find.fetch(transaction, names)
        by_fields = {tuple(fields): number for number, *fields in found}
        return {name: by_fields[name] for name in names if name in by_fields}


KINDS = Numbers(kinds, Kind)
ANSWERS = Numbers(answers, Answer)
LOSSES = Numbers(losses, Loss)
