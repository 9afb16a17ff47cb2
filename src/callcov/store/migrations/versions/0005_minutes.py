"""Minutes: a ledger that outlives the analyses, a tier an account, and the answers kept for repeated submissions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What was completed before is entered in the ledger; accounts there are stay unlimited."""
    op.add_column("users", sa.Column("tier", sa.Text(), server_default="unlimited", nullable=False))
    op.create_table(
        "minutes",
        sa.Column("analysis_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("completed_at", sa.String(length=24), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_minutes_user_id")),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_minutes")),
    )
    op.create_index("ix_minutes_owner", "minutes", ["user_id", "livemode", "completed_at", "duration_ms"])
    op.execute(
        "INSERT INTO minutes (analysis_id, user_id, livemode, completed_at, duration_ms) "
        "SELECT id, user_id, livemode, completed_at, duration_ms FROM analyses WHERE status = 'completed' AND livemode"
    )
    op.create_table(
        "idempotency",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("analysis_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.String(length=24), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_idempotency_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_idempotency_user_id")),
        sa.PrimaryKeyConstraint("user_id", "livemode", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_analysis_id", "idempotency", ["analysis_id"])
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    processing = sa.text("status = 'processing'")
    op.create_index(
        "ix_analyses_processing",
        "analyses",
        ["user_id", "livemode"],
        sqlite_where=processing,
        postgresql_where=processing,
    )
