"""First tables: eight layers with revisions and `_now` views, batches, rasters, studies and their results."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "gisrisk"
LAYERS = (
    "park",
    "admin_area",
    "enterprise_site",
    "hazard_source",
    "inventory",
    "protected_target",
    "dense_area",
    "linear_feature",
)
RESULTS = ("finding", "hazard_grade", "site_grade", "risk_level", "region_grade")


def upgrade() -> None:
    op.execute(_REFUSE)
    op.execute(_ONLY_RETIRE)
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Uuid(), primary_key=True),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False, unique=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "raster",
        sa.Column("raster_id", sa.Uuid(), primary_key=True),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source_file", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("cells", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("lowest", sa.Double(), nullable=False),
        sa.Column("highest", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False, unique=True),
        sa.Column("position_source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("ix_raster_layer", "raster", ["layer", "recorded_at"], schema=SCHEMA)
    for table in ("batch", "raster"):
        _trigger(table, "final", "BEFORE UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "refuse_change")
    _create_layers()
    _create_results()


def downgrade() -> None:
    for table in (*RESULTS, "study", *reversed(LAYERS), "raster", "batch"):
        op.execute(f"DROP VIEW IF EXISTS {SCHEMA}.{table}_now")
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.only_retire()")
    op.execute(f"DROP FUNCTION {SCHEMA}.refuse_change()")


def _create_layers() -> None:
    _layer_table(
        "park",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("level", sa.Text()),
        sa.Column("approved_on", sa.Date()),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approval_expires", sa.Date()),
        sa.Column("project_stage", sa.Text()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=[],
    )
    _layer_table(
        "admin_area",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text()),
        sa.Column("parent_code", sa.Text()),
        identity=["code"],
        looked_up_by=[],
    )
    _layer_table(
        "enterprise_site",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("industry_code", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("park_code", sa.Text()),
        sa.Column("built_on", sa.Date()),
        sa.Column("staff", sa.BigInteger()),
        sa.Column("owner", sa.Text()),
        sa.Column("site_regime", sa.Text()),
        sa.Column("plant_kind", sa.Text()),
        sa.Column("project_stage", sa.Text()),
        sa.Column("shift_persons", sa.BigInteger()),
        sa.Column("is_hazchem_enterprise", sa.Boolean()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=["park_code"],
    )
    _layer_table(
        "hazard_source",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site_code", sa.Text()),
        sa.Column("facility_type", sa.Text(), nullable=False),
        sa.Column("volume_m3", sa.Double()),
        sa.Column("net_explosive_kg", sa.Double()),
        sa.Column("storage_form", sa.Text()),
        sa.Column("commissioned_on", sa.Date()),
        sa.Column("equipment", sa.Text()),
        sa.Column("equipment_length_m", sa.Double()),
        sa.Column("equipment_count", sa.BigInteger()),
        sa.Column("site_regime", sa.Text()),
        sa.Column("fire_hazard_class", sa.Text()),
        sa.Column("liquid_class", sa.Text()),
        sa.Column("group_code", sa.Text()),
        sa.Column("roof", sa.Text()),
        sa.Column("position", sa.Text()),
        sa.Column("pressure_mpa", sa.Double()),
        sa.Column("diameter_m", sa.Double()),
        sa.Column("fire_resistance_grade", sa.BigInteger()),
        sa.Column("height_m", sa.Double()),
        sa.Column("storeys", sa.BigInteger()),
        sa.Column("medium", sa.Text()),
        sa.Column("station_grade", sa.Text()),
        sa.Column("depot_capacity_m3", sa.Double()),
        sa.Column("handles_flammable_vapour", sa.Boolean()),
        sa.Column("project_stage", sa.Text()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=["site_code"],
    )
    _layer_table(
        "inventory",
        sa.Column("source_code", sa.Text(), nullable=False),
        sa.Column("cas", sa.Text()),
        sa.Column("substance", sa.Text(), nullable=False),
        sa.Column("ghs_class", sa.Text()),
        sa.Column("quantity_t", sa.Double(), nullable=False),
        sa.Column("temperature_c", sa.Double()),
        sa.Column("pressure_mpa", sa.Double()),
        sa.Column("state", sa.Text()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["source_code", "substance", "(COALESCE(cas, ''::text))"],
        looked_up_by=[],
        vector=False,
    )
    _layer_table(
        "protected_target",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("population", sa.Double()),
        sa.Column("floor_area_m2", sa.Double()),
        sa.Column("height_m", sa.Double()),
        sa.Column("beds_or_seats", sa.BigInteger()),
        sa.Column("built_on", sa.Date()),
        sa.Column("households", sa.BigInteger()),
        sa.Column("storeys", sa.BigInteger()),
        sa.Column("fire_resistance_grade", sa.BigInteger()),
        sa.Column("peak_persons", sa.Double()),
        sa.Column("largest_building_floor_area_m2", sa.Double()),
        sa.Column("administrative_level", sa.Text()),
        sa.Column("declared_important", sa.Boolean()),
        sa.Column("is_indoor", sa.Boolean()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=[],
    )
    _layer_table(
        "dense_area",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("population", sa.Double()),
        sa.Column("basis", sa.Text()),
        sa.Column("is_built_up", sa.Boolean()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=[],
    )
    _layer_table(
        "linear_feature",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("kind", sa.Text()),
        sa.Column("grade", sa.Text()),
        sa.Column("voltage_kv", sa.Double()),
        sa.Column("diameter_m", sa.Double()),
        sa.Column("pressure_mpa", sa.Double()),
        sa.Column("medium", sa.Text()),
        sa.Column("position", sa.Text()),
        sa.Column("tower_height_m", sa.Double()),
        sa.Column("width_m", sa.Double()),
        sa.Column("admin_class", sa.Text()),
        sa.Column("railway_owner", sa.Text()),
        sa.Column("is_high_speed", sa.Boolean()),
        sa.Column("land_edge_offset_m", sa.Double()),
        sa.Column("embankment_offset_m", sa.Double()),
        sa.Column("conductor_offset_m", sa.Double()),
        sa.Column("attributes", pg.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        identity=["code"],
        looked_up_by=[],
    )


def _create_results() -> None:
    op.create_table(
        "study",
        sa.Column("study_id", sa.Text(), primary_key=True),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("area_name", sa.Text()),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True)),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("method", pg.JSONB()),
        sa.Column("parameters", pg.JSONB()),
        sa.Column("input_sha256", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("counts", pg.JSONB()),
        sa.Column("timings_s", pg.JSONB()),
        sa.Column("not_evaluated", pg.JSONB()),
        sa.Column(
            "created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.Column("geom", Geometry("GEOMETRY", 4490, spatial_index=False)),
        schema=SCHEMA,
    )
    op.create_index("ix_study_area", "study", ["area", "created_at"], schema=SCHEMA)
    _trigger("study", "final", "BEFORE UPDATE", "STATEMENT", "refuse_change")
    _result_table(
        "finding",
        sa.Column("finding_no", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("document_no", sa.Text()),
        sa.Column("clause", sa.Text()),
        sa.Column("title_zh", sa.Text()),
        sa.Column("rule_type", sa.Text()),
        sa.Column("review", sa.Text()),
        sa.Column("mandatory", sa.Boolean()),
        sa.Column("source_layer", sa.Text()),
        sa.Column("source_code", sa.Text()),
        sa.Column("source_name", sa.Text()),
        sa.Column("target_layer", sa.Text()),
        sa.Column("target_code", sa.Text()),
        sa.Column("target_name", sa.Text()),
        sa.Column("required_m", sa.Double()),
        sa.Column("measured_m", sa.Double()),
        sa.Column("shortfall_m", sa.Double()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text()),
        sa.Column("assumed", sa.Text()),
        sa.Column("measured_from", sa.Text()),
        sa.Column("measured_to", sa.Text()),
        sa.Column("substitutes", sa.Text()),
        sa.Column("uncertainty_m", sa.Double()),
        sa.Column("people", sa.Double()),
        sa.Column("since", sa.Date()),
        looked_up_by=["source_code"],
    )
    _result_table(
        "hazard_grade",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text()),
        sa.Column("unit_kind", sa.Text()),
        sa.Column("site_code", sa.Text()),
        sa.Column("source_codes", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("s", sa.Double()),
        sa.Column("alpha", sa.Double()),
        sa.Column("alpha_basis", sa.Text()),
        sa.Column("people_500m", sa.Double()),
        sa.Column("r", sa.Double()),
        sa.Column("level", sa.BigInteger()),
        sa.Column("level_min", sa.BigInteger()),
        sa.Column("level_max", sa.BigInteger()),
        sa.Column("missing", sa.Text()),
        sa.Column("detail", pg.JSONB()),
        looked_up_by=["unit_code"],
    )
    _result_table(
        "site_grade",
        sa.Column("site_code", sa.Text(), nullable=False),
        sa.Column("site_name", sa.Text()),
        sa.Column("park_code", sa.Text()),
        sa.Column("county_code", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger()),
        sa.Column("level_at_least", sa.BigInteger()),
        sa.Column("method", sa.Text()),
        sa.Column("likelihood", sa.Double()),
        sa.Column("severity", sa.Double()),
        sa.Column("score", sa.Double()),
        sa.Column("reasons", sa.Text()),
        sa.Column("major_level", sa.BigInteger()),
        sa.Column("violations", sa.BigInteger()),
        sa.Column("needs_survey", sa.BigInteger()),
        sa.Column("undetermined_findings", sa.BigInteger()),
        looked_up_by=["site_code"],
    )
    _result_table(
        "risk_level",
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text()),
        looked_up_by=[],
    )
    _result_table(
        "region_grade",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_name", sa.Text()),
        sa.Column("area_level", sa.Text()),
        sa.Column("level", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("method", sa.Text()),
        sa.Column("sites", sa.BigInteger()),
        sa.Column("red", sa.BigInteger()),
        sa.Column("orange", sa.BigInteger()),
        sa.Column("yellow", sa.BigInteger()),
        sa.Column("blue", sa.BigInteger()),
        sa.Column("undetermined", sa.BigInteger()),
        sa.Column("major_1", sa.BigInteger()),
        sa.Column("major_2", sa.BigInteger()),
        sa.Column("major_3", sa.BigInteger()),
        sa.Column("major_4", sa.BigInteger()),
        sa.Column("people_near_major", sa.Double()),
        sa.Column("people_near_major_min", sa.Double()),
        sa.Column("people_basis", sa.Text()),
        sa.Column("violations", sa.BigInteger()),
        looked_up_by=["area_code"],
    )


def _layer_table(
    name: str, *columns: sa.Column[Any], identity: list[str], looked_up_by: list[str], vector: bool = True
) -> None:
    """A layer's own columns between the bookkeeping and the geometry, with indices, guards and the view of now."""
    op.create_table(
        name,
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("fid", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("rev", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position_source", sa.Text(), nullable=False, server_default=sa.text("'unknown'::text")),
        sa.Column("position_uncertainty_m", sa.Double()),
        *columns,
        *(_geometry(nullable=False) if vector else []),
        sa.CheckConstraint("retired_at > recorded_at", name=f"ck_{name}_retired_later"),
        schema=SCHEMA,
    )
    current = sa.text("retired_at IS NULL")
    op.create_index(f"uq_{name}_fid_rev", name, ["fid", "rev"], unique=True, schema=SCHEMA)
    op.create_index(f"ix_{name}_batch_id", name, ["batch_id"], schema=SCHEMA)
    past = sa.text("retired_at IS NOT NULL")
    op.create_index(f"ix_{name}_retired_at", name, ["retired_at"], schema=SCHEMA, postgresql_where=past)
    parts = [sa.text(part) if part.startswith("(") else part for part in identity]
    op.create_index(f"uq_{name}_identity_now", name, parts, unique=True, schema=SCHEMA, postgresql_where=current)
    for column in looked_up_by:
        op.create_index(f"ix_{name}_{column}_now", name, [column], schema=SCHEMA, postgresql_where=current)
    for column in ("geom", "geom_3857") if vector else ():
        op.create_index(
            f"ix_{name}_{column}_now", name, [column], schema=SCHEMA, postgresql_using="gist", postgresql_where=current
        )
    _trigger(name, "never_lost", "BEFORE DELETE OR TRUNCATE", "STATEMENT", "refuse_change")
    _trigger(name, "only_retire", "AFTER UPDATE", "ROW", "only_retire")
    shown = [
        "row_id",
        "fid",
        "rev",
        "recorded_at",
        "batch_id",
        *[column.name for column in columns],
        "position_source",
        "position_uncertainty_m",
    ]
    op.execute(
        f"CREATE VIEW {SCHEMA}.{name}_now AS SELECT {', '.join(shown + ['geom'] * vector)} "
        f"FROM {SCHEMA}.{name} WHERE retired_at IS NULL"
    )


def _result_table(name: str, *columns: sa.Column[Any], looked_up_by: list[str]) -> None:
    """A kind of result; rows go when their study is deleted, and never change."""
    op.create_table(
        name,
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("study_id", sa.Text(), sa.ForeignKey(f"{SCHEMA}.study.study_id", ondelete="CASCADE"), nullable=False),
        *columns,
        *_geometry(nullable=True),
        schema=SCHEMA,
    )
    op.create_index(f"ix_{name}_study_id", name, ["study_id", *looked_up_by], schema=SCHEMA)
    op.create_index(f"ix_{name}_geom_3857", name, ["geom_3857"], schema=SCHEMA, postgresql_using="gist")
    _trigger(name, "final", "BEFORE UPDATE", "STATEMENT", "refuse_change")


def _geometry(*, nullable: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("geom", Geometry("GEOMETRY", 4490, spatial_index=False), nullable=nullable),
        sa.Column(
            "geom_3857",
            Geometry("GEOMETRY", 3857, spatial_index=False),
            sa.Computed("st_transform(geom, 3857)", persisted=True),
        ),
    ]


def _trigger(table: str, name: str, event: str, level: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} {event} ON {SCHEMA}.{table} FOR EACH {level} EXECUTE FUNCTION {SCHEMA}.{function}()"
    )


_REFUSE = f"""
CREATE FUNCTION {SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of table % is refused: what was recorded is never changed or deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation',
              HINT = 'Import a new revision with "gisrisk layer import".';
END $$
"""

# After the update, because a generated column has no value yet before it. *<> compares the stored bytes.
_ONLY_RETIRE = f"""
CREATE FUNCTION {SCHEMA}.only_retire() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before_retirement record := OLD;
BEGIN
    before_retirement.retired_at := NEW.retired_at;
    IF OLD.retired_at IS NOT NULL OR NEW.retired_at IS NULL OR before_retirement *<> NEW THEN
        RAISE EXCEPTION 'UPDATE of table % is refused: a recorded row can only be retired, once', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'Import a new revision with "gisrisk layer import".';
    END IF;
    RETURN NULL;
END $$
"""
