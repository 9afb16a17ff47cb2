"""What few calls have or miss is looked for among those few: keys of sound and vectors, figures that are missing."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEYS = ("masked_key", "vectors_key")


def upgrade() -> None:
    """Apply. The one look at every analysis for figures that are missing is this one."""
    for name in _KEYS:
        there = sa.text(f"{name} IS NOT NULL")
        op.drop_index(f"ix_analyses_{name}", table_name="analyses")
        op.create_index(f"ix_analyses_{name}", "analyses", [name], sqlite_where=there, postgresql_where=there)
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "uncounted",
        sa.Column("analysis_id", sa.String(length=36, collation=collation), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_uncounted_analysis_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_uncounted")),
    )
    op.execute(
        "INSERT INTO uncounted SELECT id FROM analyses WHERE status = 'completed' AND NOT EXISTS "
        "(SELECT 1 FROM figures WHERE figures.analysis_id = analyses.id)"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("uncounted")
    for name in _KEYS:
        op.drop_index(f"ix_analyses_{name}", table_name="analyses")
        op.create_index(f"ix_analyses_{name}", "analyses", [name])
