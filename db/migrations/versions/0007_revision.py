"""What tells that rules or added posts have changed."""

import sqlalchemy as sa
from alembic import op

revision = "0007_needs_0.1.0"
down_revision = "0006_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and its only row."""
    revisions = op.create_table("revision", sa.Column("token", sa.String(32), primary_key=True))
    op.execute(revisions.insert().values(token="first"))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("revision")
