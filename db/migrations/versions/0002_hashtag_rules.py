"""What a person has ruled on hashtags."""

import sqlalchemy as sa
from alembic import op

revision = "0002_needs_0.1.0"
down_revision = "0001_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "hashtag_rule",
        sa.Column("hashtag", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("target", sa.Text),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.CheckConstraint("(kind = 'alias') = (target IS NOT NULL)", name="ck_hashtag_rule_target"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("hashtag_rule")
