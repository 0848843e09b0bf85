"""What a database's error means: to the client, and to a transaction.

    error ─► _ancestry ─► _postgresql | _mysql | _sqlite ─► Fault ─► _classify ─► AppError
                 _execution · _statement · _generated    _constraints

Owns the table from codes of databases to answers. Refuses to import a driver or
SQLAlchemy, to read words, and to let any of them out.
"""

from failwell.responses._database._classify import (
    RETRY_AFTER_S,
    classify_database,
    is_lost_before_commit,
    is_retryable,
)
from failwell.responses._database._constraints import NAMING_CONVENTION, Constraints

__all__ = [
    "NAMING_CONVENTION",
    "RETRY_AFTER_S",
    "Constraints",
    "classify_database",
    "is_lost_before_commit",
    "is_retryable",
]
