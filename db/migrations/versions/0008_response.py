"""Likes, comments and views of posts."""

import sqlalchemy as sa
from alembic import op

revision = "0008_needs_0.1.0"
down_revision = "0007_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, which is empty until sources are read again."""
    op.create_table(
        "response",
        sa.Column("post_key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("likes", sa.BigInteger),
        sa.Column("comments", sa.BigInteger),
        sa.Column("views", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("response")
