"""How sources are read, so that they can be read again."""

import sqlalchemy as sa
from alembic import op

revision = "0005_needs_0.1.0"
down_revision = "0003_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "source",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("location", sa.Text),
        sa.Column("images", sa.Text),
        sa.Column("encoding", sa.Text),
        sa.Column("query", sa.Text),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.Column("leaves_at", sa.DateTime),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("source")
