"""What Alembic runs: the connection is in a transaction already."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="failwell_version",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
