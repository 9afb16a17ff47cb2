"""Alembic's entry: runs the migrations on the connection, and inside the transaction, that `db.migrate` hands over."""

from alembic import context

from callcov.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
