"""The feed index: what changed in a list after a revision, and what was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "deletions",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("analysis_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_deletions_user_id")),
        sa.PrimaryKeyConstraint("user_id", "livemode", "revision", name=op.f("pk_deletions")),
    )
    op.create_index("ix_analyses_revision", "analyses", ["user_id", "livemode", "revision"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_analyses_revision", table_name="analyses")
    op.drop_table("deletions")
