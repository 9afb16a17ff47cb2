"""Alembic's folder: `versions/` holds one file a change of the tables, applied in order by `db.migrate`."""
