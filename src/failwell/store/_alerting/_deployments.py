"""What belongs to an application in an environment, where several share a store."""

from sqlalchemy import ColumnElement, Table, and_

from failwell.store._model import Deployment
from failwell.store._text import clean


def of_deployment(table: Table, whose: Deployment) -> ColumnElement[bool]:
    """Return the condition that a row is theirs."""
    return and_(
        table.c.application == clean(whose.application),
        table.c.environment == clean(whose.environment),
    )
