"""Several photos a post."""

import sqlalchemy as sa
from alembic import op

revision = "0006_needs_0.1.0"
down_revision = "0005_needs_0.1.0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the photo of each post into a table of its own."""
    photo = op.create_table(
        "photo",
        sa.Column("post_key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("unreadable", sa.Text),
    )
    names = ("id", "photo_path", "photo_digest", "unreadable", "caption_digest")
    post = sa.table("post", *(sa.column(name) for name in names))
    photos = sa.select(post.c.id, sa.literal(0), post.c.photo_path, post.c.photo_digest, post.c.unreadable)
    both = sa.and_(post.c.photo_path.is_not(None), post.c.photo_digest.is_not(None))
    op.execute(photo.insert().from_select([column.name for column in photo.c], photos.where(both)))
    op.create_index("ix_photo_digest", "photo", ["digest"])
    # A post whose photo cannot be decoded was set aside; from now on its caption stays.
    op.execute(post.update().where(post.c.caption_digest.is_not(None)).values(unreadable=None))
    op.drop_index("ix_post_photo_digest", "post")
    # One after another and not as a batch, which would copy the table and forget its AUTOINCREMENT.
    op.drop_column("post", "photo_path")
    op.drop_column("post", "photo_digest")


def downgrade() -> None:
    """Keep the first photo of each post."""
    op.add_column("post", sa.Column("photo_path", sa.Text))
    op.add_column("post", sa.Column("photo_digest", sa.String(64)))
    photo = sa.table("photo", *(sa.column(name) for name in ("post_key", "rank", "path", "digest", "unreadable")))
    post = sa.table("post", *(sa.column(name) for name in ("id", "photo_path", "photo_digest", "unreadable")))

    def first(column: sa.ColumnClause[str]) -> sa.ScalarSelect[str]:
        return sa.select(column).where(photo.c.post_key == post.c.id, photo.c.rank == 0).scalar_subquery()

    op.execute(
        post.update().values(
            photo_path=first(photo.c.path), photo_digest=first(photo.c.digest), unreadable=first(photo.c.unreadable)
        )
    )
    op.create_index("ix_post_photo_digest", "post", ["photo_digest"])
    op.drop_table("photo")
