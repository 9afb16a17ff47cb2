"""A place kept for another branch's migration; dropped when that one is merged."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing."""
