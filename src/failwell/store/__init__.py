"""Errors where people look for them: groups, events and counts in a database.

Owns the schema, the shipper that fills it from the spool, and the questions it answers.
Refuses to be touched by a request of the application, to use the application's own
connection, and to import SQLAlchemy before a store is used.
"""

import typing

from failwell._late import late as _late
from failwell.store._alert_model import (
    OUTBOX_STATES,
    GroupRate,
    Happening,
    OutboxEntry,
    OutboxState,
    Posted,
    StoredRule,
)
from failwell.store._errors import StoreError
from failwell.store._model import (
    AnswerCount,
    Bucket,
    CircuitOrder,
    Deployment,
    Erased,
    ErrorStats,
    Fingerprint,
    GroupPage,
    GroupSummary,
    HistoryEntry,
    LossCount,
    Override,
    Pruned,
    Retention,
    TimeSeries,
    ValueCount,
)
from failwell.store._query import SORTS, STATES, GroupQuery, Page, Sort, State
from failwell.store._search import parse_search
from failwell.store._service import ErrorLog, ErrorLoggingService
from failwell.store._shipping._pass import Shipped
from failwell.store._shipping._shipper import Shipper
from failwell.store._shipping._thread import ShipperThread
from failwell.store._store import Store

if typing.TYPE_CHECKING:
    from failwell.store._alerting._alert_book import AlertBook
    from failwell.store._alerting._judging import Judging
    from failwell.store._alerting._rates import Rates

__all__ = [
    "OUTBOX_STATES",
    "SORTS",
    "STATES",
    "AlertBook",
    "AnswerCount",
    "Bucket",
    "CircuitOrder",
    "Deployment",
    "Erased",
    "ErrorLog",
    "ErrorLoggingService",
    "ErrorStats",
    "Fingerprint",
    "GroupPage",
    "GroupQuery",
    "GroupRate",
    "GroupSummary",
    "Happening",
    "HistoryEntry",
    "Judging",
    "LossCount",
    "OutboxEntry",
    "OutboxState",
    "Override",
    "Page",
    "Posted",
    "Pruned",
    "Rates",
    "Retention",
    "Shipped",
    "Shipper",
    "ShipperThread",
    "Sort",
    "State",
    "Store",
    "StoreError",
    "StoredRule",
    "TimeSeries",
    "ValueCount",
    "parse_search",
]

if not typing.TYPE_CHECKING:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "AlertBook": "failwell.store._alerting._alert_book",
            "Judging": "failwell.store._alerting._judging",
            "Rates": "failwell.store._alerting._rates",
        },
        __all__,
    )
