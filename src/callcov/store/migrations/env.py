"""Alembic's entry: runs the migrations on the connection, and inside the transaction, that `db.migrate` hands over."""

from alembic import context

from callcov.store.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # As on SQLite, whose writers take turns, a second process waits until the first has migrated.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('callcov migrations'))")
context.configure(connection=connection, target_metadata=metadata)
context.run_migrations()
