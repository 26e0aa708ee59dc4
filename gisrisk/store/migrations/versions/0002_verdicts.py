"""Verdicts of siting checks: written once, never changed, never deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "gisrisk"


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("reference", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True)),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("input_sha256", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("proposal", pg.JSONB(), nullable=False),
        sa.Column("document", pg.JSONB(), nullable=False),
        sa.Column(
            "created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.Column("geom", Geometry("GEOMETRY", 4490, spatial_index=False), nullable=False),
        sa.Column(
            "geom_3857",
            Geometry("GEOMETRY", 3857, spatial_index=False),
            sa.Computed("st_transform(geom, 3857)", persisted=True),
        ),
        schema=SCHEMA,
    )
    op.create_index("ix_verdict_created_at", "verdict", ["created_at"], schema=SCHEMA)
    op.create_index("ix_verdict_geom_3857", "verdict", ["geom_3857"], schema=SCHEMA, postgresql_using="gist")
    op.execute(
        f"CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.verdict "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("verdict", schema=SCHEMA)
