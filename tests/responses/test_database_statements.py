"""What is read out of the head of an SQL statement, and what is left unknown."""

import pytest

from failwell.responses._database._statement import Statement, read_statement


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (None, Statement()),
        ("", Statement()),
        ("SELECT 1", Statement("SELECT")),
        ("COMMIT", Statement("COMMIT")),
        (
            "INSERT INTO users (email, age) VALUES (?, ?)",
            Statement("INSERT", "users", frozenset({"email", "age"})),
        ),
        (
            'insert into "app"."Users" ("e-mail",age) values (%s, lower(%s))',
            Statement("INSERT", "Users", frozenset({"e-mail", "age"})),
        ),
        (
            "INSERT IGNORE INTO `users`(`email`) SELECT email FROM old",
            Statement("INSERT", "users", frozenset({"email"})),
        ),
        (
            "INSERT INTO users (id, email) VALUES (nextval('users_id_seq'), %(email)s)",
            Statement("INSERT", "users", frozenset({"email"})),
        ),
        (
            "INSERT INTO users (id, email) VALUES (DEFAULT, %s)",
            Statement("INSERT", "users", frozenset({"email"})),
        ),
        (
            "INSERT INTO users (id, email) VALUES (next value for numbers, 'a,(b')",
            Statement("INSERT", "users", frozenset({"email"})),
        ),
        ("INSERT INTO users DEFAULT VALUES", Statement("INSERT", "users", frozenset())),
        ("INSERT INTO users () VALUES ()", Statement("INSERT", "users", frozenset())),
        ("INSERT INTO users VALUES (1, 'a')", Statement("INSERT", "users")),
        ("INSERT INTO users (SELECT * FROM old)", Statement("INSERT", "users")),
        ("INSERT", Statement("INSERT")),
        ("REPLACE INTO users VALUES (1)", Statement("REPLACE", "users")),
        ("UPDATE users SET age = 1", Statement("UPDATE", "users")),
        ("UPDATE OR IGNORE [my users] SET a = 1", Statement("UPDATE", "my users")),
        ("UPDATE ONLY app.users SET age = 1", Statement("UPDATE", "users")),
        ("-- DELETE\n/* INSERT */ DELETE FROM users", Statement("DELETE", "users")),
        (
            (
                "WITH old AS (SELECT * FROM loans WHERE note = ') DELETE') "
                "UPDATE users SET age = 1"
            ),
            Statement("UPDATE", "users"),
        ),
        ("WITH a AS (SELECT 1)", Statement()),
        ('DELETE FROM "it\'s -- mine" WHERE 1', Statement("DELETE", "it's -- mine")),
    ],
)
def test_the_head_of_a_statement(sql: str | None, expected: Statement) -> None:
    """Verb, table and the columns that are given a value."""
    assert read_statement(sql) == expected


def test_a_long_statement_costs_no_more_than_its_head() -> None:
    """A batch may be megabytes of rows."""
    sql = "INSERT INTO users (email) VALUES (%s)" + ", (%s)" * 1_000_000

    assert read_statement(sql).given == {"email"}


@pytest.mark.parametrize(
    "unit", ["(", "'", '"', "/*", "a,", "((", "--", "`", "[", "/* ", "a."]
)
def test_hostile_statements_end(unit: str) -> None:
    """No text makes the reading run away; quadratic it would take minutes."""
    for head in ("WITH ", "INSERT INTO t (", "UPDATE ", "INSERT INTO t (a) VALUES ("):
        read_statement(head + unit * 100_000)
        read_statement(head + unit * 5_000 + ")" * 5_000)
