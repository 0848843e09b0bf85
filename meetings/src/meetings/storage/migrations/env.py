"""What Alembic runs: the connection comes from `migrate`, already in a transaction."""

from alembic import context

from meetings.storage import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
