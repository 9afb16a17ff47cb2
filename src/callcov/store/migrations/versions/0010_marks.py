"""Which files of the feed index agree with a list."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text = sa.String(length=32, collation="C") if op.get_bind().dialect.name == "postgresql" else sa.String(length=32)
    op.add_column("feeds", sa.Column("mark", text, nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("feeds", "mark")
