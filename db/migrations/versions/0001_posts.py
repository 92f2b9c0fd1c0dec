"""Posts and embeddings."""

import sqlalchemy as sa
from alembic import op

# The second part is the release that a person needs for a database with this revision; `db.engine` quotes it.
revision = "0001_needs_0.1.0"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "post",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("post_id", sa.Text, nullable=False),
        sa.Column("caption", sa.Text, nullable=False),
        sa.Column("caption_digest", sa.String(64)),
        sa.Column("hashtags", sa.JSON, nullable=False),
        sa.Column("photo_path", sa.Text),
        sa.Column("photo_digest", sa.String(64)),
        sa.Column("author", sa.Text),
        sa.Column("posted_at", sa.DateTime),
        sa.Column("content_digest", sa.String(64), nullable=False),
        sa.Column("removed_at", sa.DateTime),
        sa.Column("unreadable", sa.Text),
        sa.UniqueConstraint("source", "post_id", name="uq_post_source_post_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_photo_digest", "post", ["photo_digest"])
    op.create_index("ix_post_caption_digest", "post", ["caption_digest"])
    op.create_table(
        "embedding",
        sa.Column("content_digest", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("embedding")
    op.drop_table("post")
