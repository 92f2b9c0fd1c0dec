"""What people say of suggested hashtags, and which authors are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0003_needs_0.1.0"
down_revision = "0002_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "feedback",
        sa.Column("caption_digest", sa.String(64), primary_key=True),
        sa.Column("photo_digest", sa.String(64), primary_key=True),
        sa.Column("hashtag", sa.Text, primary_key=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("caption", sa.Text, nullable=False),
        sa.Column("photo_path", sa.Text),
        sa.Column("judged_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "forgotten_author",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("forgotten_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("forgotten_author")
    op.drop_table("feedback")
