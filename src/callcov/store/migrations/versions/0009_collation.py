"""Text is compared byte by byte, whatever language the database was made for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = """
    SELECT quote_ident(table_name), quote_ident(column_name), data_type, character_maximum_length
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying')
    AND table_name IN (
        'users', 'api_keys', 'policies', 'feeds', 'analyses', 'documents', 'judgements', 'deliveries', 'refresh_tokens',
        'mail_tokens', 'minutes', 'idempotency', 'audit', 'figures', 'figures_daily', 'deletions'
    )
"""


def upgrade() -> None:
    """Apply. SQLite has never compared in another way."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column, kind, length in op.get_bind().execute(sa.text(_COLUMNS)).all():
        width = f"({length})" if length else ""
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}{width} COLLATE "C"')


def downgrade() -> None:
    """Undo nothing: the order of the bytes is right for the earlier versions too."""
