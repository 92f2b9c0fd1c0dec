"""Run by Alembic, which loads this file by its path (hence no relative import), on the connection that it is handed."""

from alembic import context

from hashtag_recommender.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can undo DDL as well, now that `db.engine` begins its transactions itself.
    transactional_ddl=True,
    # SQLite can't alter a column; Alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
