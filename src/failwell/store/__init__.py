"""Errors where people look for them: groups, events and counts in a database.

Owns the schema, the shipper that fills it from the spool, and the questions it answers.
Refuses to be touched by a request of the application, to use the application's own
connection, and to import SQLAlchemy before a store is used.
"""

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
    LossCount,
    Override,
    Pruned,
    Retention,
    TimeSeries,
    ValueCount,
)
from failwell.store._pass import Shipped
from failwell.store._query import SORTS, STATES, GroupQuery, Page, Sort, State
from failwell.store._service import ErrorLog, ErrorLoggingService
from failwell.store._shipper import Shipper
from failwell.store._store import Store
from failwell.store._thread import ShipperThread

__all__ = [
    "SORTS",
    "STATES",
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
    "GroupSummary",
    "LossCount",
    "Override",
    "Page",
    "Pruned",
    "Retention",
    "Shipped",
    "Shipper",
    "ShipperThread",
    "Sort",
    "State",
    "Store",
    "StoreError",
    "TimeSeries",
    "ValueCount",
]
