"""Alembic's environment. Each file in versions/ brings a database one step on; none is ever changed once released."""
