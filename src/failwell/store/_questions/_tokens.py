"""Tokens that may be used once."""

from sqlalchemy import Connection, delete

from failwell.store._database._bulk import Transaction, insertion
from failwell.store._database._schema import used_tokens

_USE = insertion(used_tokens, *used_tokens.c.keys())


def use_token(connection: Connection, token_id: str, expires_at: int, now: int) -> bool:
    """Note a token as used; return False where it was, or has expired."""
    connection.execute(delete(used_tokens).where(used_tokens.c.expires_at < now))
    transaction = Transaction(connection)
    _USE.run(transaction, [(token_id, expires_at)])
    return expires_at > now and transaction.cursor.rowcount == 1
