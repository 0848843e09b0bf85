"""The servers that tests ask for: each test alone with its database, or a clear skip."""

from pathlib import Path

import databases
import pytest
import sqlalchemy as sa


def test_databases_of_one_server_are_apart(
    postgresql: databases.DatabaseServer, postgresql_url: sa.URL
) -> None:
    """What one test leaves behind, no other one finds."""
    with postgresql.database() as other:
        for url in (postgresql_url, other):
            engine = sa.create_engine(url, poolclass=sa.NullPool)
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE one (id int)")

    assert postgresql_url.database != other.database


def _unavailable(_: Path) -> tuple[sa.URL, databases.subprocess.Popen[bytes]]:
    raise databases._UnavailableError("mariadbd is not installed")


def test_a_server_that_cannot_be_had_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line says what is missing."""
    monkeypatch.delenv("TESTS_DATABASES_REQUIRED", raising=False)

    with (
        pytest.raises(pytest.skip.Exception, match="mariadbd is not installed"),
        databases._offered(_unavailable),
    ):
        pass


def test_a_server_that_is_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its installation is part of the run, a skip would hide that it broke."""
    monkeypatch.setenv("TESTS_DATABASES_REQUIRED", "1")

    with (
        pytest.raises(databases._UnavailableError),
        databases._offered(_unavailable),
    ):
        pass
