"""Runs the steps on the connection that `forensics.record.database.migrate` hands in."""

from alembic import context

from forensics.record.database import VERSIONS
from forensics.record.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSIONS,
)
with context.begin_transaction():
    context.run_migrations()
