"""What an application declares about its errors, before or after its Flask object exists."""

from dataclasses import dataclass, field

from failwell.responses._mapping._table import Table
from failwell.responses._rendering._style import Scopes
from failwell.responses._rollback import RollBacks


@dataclass(frozen=True, slots=True)
class Rules:
    """The declarations of one `Failwell`."""

    table: Table = field(default_factory=Table)
    """What exceptions are answered with."""
    scopes: Scopes = field(default_factory=Scopes)
    """How, at which addresses."""
    rollbacks: RollBacks = field(default_factory=RollBacks)
    """What is called before every answer."""
