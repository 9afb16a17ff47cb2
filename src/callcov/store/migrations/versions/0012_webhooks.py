"""A webhook secret that was changed signs on for a while, and an account's deliveries are listed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    op.add_column("users", sa.Column("webhook_secret_old", sa.Text(collation=collation), nullable=True))
    op.add_column("users", sa.Column("webhook_secret_until", sa.String(length=24, collation=collation), nullable=True))
    op.create_index("ix_deliveries_owner", "deliveries", ["user_id", "started_at", "id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_deliveries_owner", table_name="deliveries")
    op.drop_column("users", "webhook_secret_until")
    op.drop_column("users", "webhook_secret_old")
