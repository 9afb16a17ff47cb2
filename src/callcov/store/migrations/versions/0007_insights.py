"""Insights: what counts of each completed analysis, and its sums by agent and day."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MEASURES = (
    "judged duration_ms identity_verification mandatory_disclosures purpose_declaration prohibited_phrases "
    "sensitive_data greeting silence speaking_rate call_structure customer_effort_score effort_0 effort_1 effort_2 "
    "effort_3 effort_4 effort_5 customer_positive customer_neutral customer_negative customer_scored customer_score "
    "agent_talk_ms customer_talk_ms interruptions_by_agent interruptions_by_customer"
).split()


def upgrade() -> None:
    """Apply. What was completed before is counted by the worker at its start."""
    op.create_table(
        "figures",
        sa.Column("analysis_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in MEASURES),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_figures_analysis_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_figures")),
    )
    op.create_index("ix_figures_owner", "figures", ["user_id", "livemode", "created"], unique=False)
    op.create_table(
        "figures_daily",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in MEASURES),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_figures_daily_user_id")),
        sa.PrimaryKeyConstraint("user_id", "livemode", "agent_id", "day", name=op.f("pk_figures_daily")),
        sqlite_with_rowid=False,
    )
