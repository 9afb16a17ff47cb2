"""Judging again: every judgement is kept, and the vectors of an analysis's clauses lie in the object store."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Judgements made before stay in the documents until the analysis is judged again."""
    op.create_table(
        "judgements",
        sa.Column("analysis_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("checks_version", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.String(length=24), nullable=False),
        sa.Column("agent_speaker", sa.Text(), nullable=True),
        sa.Column("results", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_judgements_analysis_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("analysis_id", "number", name=op.f("pk_judgements")),
    )
    op.add_column("analyses", sa.Column("vectors_key", sa.Text(), nullable=True))
    op.create_index("ix_analyses_masked_key", "analyses", ["masked_key"], unique=False)
    op.create_index("ix_analyses_vectors_key", "analyses", ["vectors_key"], unique=False)
