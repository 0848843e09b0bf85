"""What an application declares about its errors, before or after its Flask object exists."""

from dataclasses import dataclass, field

from failwell.responses._rollback import RollBacks
from failwell.responses._style import Scopes
from failwell.responses._table import Table


@dataclass(frozen=True, slots=True)
class Rules:
    """The declarations of one `Failwell`."""

    table: Table = field(default_factory=Table)
    """What exceptions are answered with."""
    scopes: Scopes = field(default_factory=Scopes)
    """How, at which addresses."""
    rollbacks: RollBacks = field(default_factory=RollBacks)
    """What is called before every answer."""
