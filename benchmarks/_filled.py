"""A store with any number of errors, filled straight through the schema.

A few groups have most of them, as it is in life.
"""

import msgspec
from sqlalchemy import Connection, NullPool, create_engine, text

from failwell.records import ErrorRecord, ExceptionInfo, RequestInfo
from failwell.store import Store
from failwell.testing import ManualClock

GROUPS = 5_000
DAYS = 30
NOW = 1_800_000_000
END = NOW
_PAYLOAD = 700

# Multiplying by an odd number spreads the numbers of errors evenly without a table of
# random ones; the third power gives a few groups most of them.
_ERRORS = """
WITH RECURSIVE
counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :size),
numbered(i) AS (SELECT CAST(i AS BIGINT) FROM counted),
spread(i, part) AS (
  SELECT i, ((i * 2654435761) % 4294967296) / 4294967296.0 FROM numbered
),
placed(i, fp, at) AS (
  SELECT i, CAST(:groups * part * part * part - 0.5 AS BIGINT) + 1, :first + i * :step
  FROM spread
)
INSERT INTO events (id, fingerprint_id, kind_id, at, user_id, route, payload)
SELECT 'error-' || i, fp,
       1 + fp % :types
         + :types * ((at - :first) * :releases / :span)
         + :types * :releases * (CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END),
       at,
       CASE WHEN i % 3 = 0 THEN NULL ELSE CAST(i % 20000 AS TEXT) END,
       '/rooms/' || (fp % 200), :payload
FROM placed
"""
_ROLLUPS = (
    """INSERT INTO fingerprint_hours (fingerprint_id, hour, kind_id, n)
    SELECT fingerprint_id, at / 3600000000, kind_id, count(*) FROM events
    GROUP BY 1, 2, 3""",
    """INSERT INTO fingerprint_totals (fingerprint_id, kind_id, n, first_seen, last_seen)
    SELECT fingerprint_id, kind_id, count(*), min(at), max(at) FROM events
    GROUP BY 1, 2""",
    """INSERT INTO fingerprints (id, application, algorithm, hash, group_id,
    home_group_id, parts, total, first_seen, last_seen)
    SELECT fingerprint_id, 'shop', 'fw1', 'hash-' || fingerprint_id, fingerprint_id,
    fingerprint_id, '["shop.views"]', count(*), min(at), max(at) FROM events GROUP BY 1""",
    """INSERT INTO groups (id, application, code, type, culprit, message, search, state,
    total, users, first_seen, last_seen)
    SELECT id, 'shop', 'INTERNAL_ERROR', 'shop.errors.Fault' || (1 + id % 60),
    'shop.views:view_' || id, 'no booking ' || id,
    'shop.errors.fault' || (1 + id % 60) || ' shop.views:view_' || id, 'open',
    total, 7, first_seen, last_seen FROM fingerprints""",
    """INSERT INTO facets (fingerprint_id, name, value, n, last_seen)
    SELECT fingerprint_id, 'route', route, count(*), max(at) FROM events GROUP BY 1, 3""",
    *(
        f"""INSERT INTO kind_{bucket}s ({bucket}, kind_id, n)
        SELECT at / {width}, kind_id, count(*) FROM events GROUP BY 1, 2"""  # noqa: S608 - no input
        for bucket, width in (
            ("minute", 60_000_000),
            ("hour", 3_600_000_000),
            ("day", 86_400_000_000),
        )
    ),
)
_START = NOW - DAYS * 86_400
_TYPES, _RELEASES = 60, 6


def open_filled(url: str, size: int) -> Store:
    """Return a store at that URL with so many errors of 5,000 groups over 30 days."""
    store = Store(url, clock=ManualClock(NOW))
    store.groups()
    days = range(_START // 86_400, END // 86_400 + 1)
    store._database.make_room(day * 86_400_000_000 for day in days)  # noqa: SLF001 - as ingest does
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        _fill(connection, size)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
    engine.dispose()
    return store


def _fill(connection: Connection, size: int) -> None:
    kinds = [
        {
            "id": 1 + kind + _TYPES * (release + _RELEASES * place),
            "environment": environment,
            "release": f"1.{release}",
            "type": f"shop.errors.Fault{1 + kind}",
        }
        for place, environment in enumerate(("production", "staging"))
        for release in range(_RELEASES)
        for kind in range(_TYPES)
    ]
    connection.execute(
        text(
            "INSERT INTO kinds (id, application, environment, release, code, type)"
            " VALUES (:id, 'shop', :environment, :release, 'INTERNAL_ERROR', :type)"
        ),
        kinds,
    )
    span = (END - _START) * 1_000_000
    values = {
        "size": size,
        "groups": GROUPS,
        "types": _TYPES,
        "releases": _RELEASES,
        "first": _START * 1_000_000,
        "span": span,
        "step": span // size,
        "payload": _payload(),
    }
    connection.execute(text(_ERRORS), values)
    for rollup in _ROLLUPS:
        connection.execute(text(rollup))


def _payload() -> bytes:
    record = ErrorRecord(
        id="hash-0000000000000001",
        group="hash",
        timestamp=NOW,
        application="shop",
        environment="production",
        code="INTERNAL_ERROR",
        exceptions=(ExceptionInfo("shop.errors.Fault1", "no booking 1"),),
        request=RequestInfo(method="POST", route="/rooms/1", path="/rooms/1"),
        context={"filling": "x" * _PAYLOAD},
    )
    return msgspec.json.encode(record)
