"""Alembic's entry: runs revisions, or compares the tables with the catalog, on the connection handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context
from geoalchemy2 import alembic_helpers

from gisrisk.store.tables import SCHEMA, metadata


def _include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Only our schema: tables of other programs in the same database are not ours to compare or drop."""
    return name == SCHEMA if kind == "schema" else True


def _include_object(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    decide: Callable[..., bool] = alembic_helpers.include_object  # leaves the tables of PostGIS alone
    return decide(item, name, kind, reflected, compare_to)


connection: sa.Connection = context.config.attributes["connection"]
# Alembic leaves out the name of the default schema, and ours must not be the default one while it compares.
connection.execute(sa.text("SET LOCAL search_path TO public, postgis"))
connection.dialect.default_schema_name = "public"
context.configure(
    connection=connection,
    target_metadata=metadata(),
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=_include_name,
    include_object=_include_object,
    render_item=alembic_helpers.render_item,
    process_revision_directives=alembic_helpers.writer,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
