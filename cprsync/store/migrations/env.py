"""Alembic's entry: runs the migrations on the connection that is handed in, in its transaction."""

from alembic import context

from cprsync.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
