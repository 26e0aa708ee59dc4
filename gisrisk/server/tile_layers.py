"""What each vector tile layer carries, and the SQL that makes one tile of it."""

from __future__ import annotations

from dataclasses import dataclass

NEAR_ZOOM = 13  # from here on a tile carries names and the true outlines
THIN_BELOW_ZOOM = 12  # below, small features are thinned to one per cell
_WORLD_M = 40075016.685578488
_TILE_PIXELS = 512  # MapLibre draws one vector tile on 512 pixels
_CELLS = 64  # thinning cells along one tile side: 8 pixels each
_EXTENT = 4096
_BUFFER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TileLayer:
    """One tile layer.

    `far` columns are sent at every zoom, `near` ones from `NEAR_ZOOM`. `as_points`: a feature too small to be seen
    becomes a point, one per cell and the worst of them by `worst`, so that a red site never vanishes; other layers
    drop what is smaller than a pixel. `only_points`: every feature is one point. `in_parts`: each part of a multi
    polygon is drawn by itself, for parts that touch once simplified would cancel each other out. `named_from`: from
    this zoom the tile has a second layer `<name>_name` with one point per feature for its name, so that a polygon cut
    by tile edges is named once.
    """

    name: str
    far: tuple[str, ...]
    near: tuple[str, ...] = ()
    of_study: bool = False
    as_points: bool = False
    only_points: bool = False
    in_parts: bool = False
    named_from: int | None = None
    named_at: str = "ST_PointOnSurface(geom_3857)"
    worst: str = "CAST(0 AS float)"
    only: str = "true"

    def columns(self, z: int) -> tuple[str, ...]:
        """Columns sent at a zoom level."""
        return self.far if z < NEAR_ZOOM else self.far + self.near


_TOP_EDGE = """ST_ClosestPoint(geom_3857, ST_SetSRID(ST_MakePoint(
    (ST_XMin(geom_3857) + ST_XMax(geom_3857)) / 2, ST_YMax(geom_3857)), 3857))"""
_LEVEL_RANK = "coalesce(nullif(level, 0)::float, 2.5)"

TILE_LAYERS: dict[str, TileLayer] = {
    layer.name: layer
    for layer in (
        TileLayer(name="admin_area", far=("code", "level"), near=("name",), named_from=8),
        TileLayer(name="park", far=("code", "name", "kind"), named_from=9, named_at=_TOP_EDGE),
        TileLayer(name="dense_area", far=("code",), near=("name", "population"), named_from=NEAR_ZOOM),
        TileLayer(name="linear_feature", far=("kind", "grade"), near=("code", "name")),
        TileLayer(name="enterprise_site", far=("code",), near=("name", "status"), named_from=NEAR_ZOOM),
        TileLayer(name="hazard_source", far=("code", "facility_type"), near=("name", "site_code"), as_points=True),
        TileLayer(
            name="protected_target",
            far=("code", "target_type"),
            near=("name", "population"),
            as_points=True,
            named_from=NEAR_ZOOM,
        ),
        TileLayer(
            name="site_grade",
            far=("site_code", "level", "status"),
            near=("site_name",),
            of_study=True,
            as_points=True,
            worst=_LEVEL_RANK,
        ),
        TileLayer(name="risk_level", far=("level",), of_study=True, in_parts=True),
        TileLayer(
            name="region_grade",
            far=("area_code", "kind", "area_level", "level", "status"),
            near=("area_name",),
            of_study=True,
        ),
        TileLayer(
            name="hazard_grade",
            far=("unit_code", "site_code", "level", "status"),
            near=("unit_name", "r"),
            of_study=True,
            as_points=True,
            only_points=True,
            worst=_LEVEL_RANK,
            only="status <> 'not_major'",
        ),
        TileLayer(
            name="finding",
            far=("finding_no", "status"),
            near=("review", "mandatory", "shortfall_m", "clause"),
            of_study=True,
            only="status <> 'meets'",
        ),
    )
}


def pixel_m(z: int) -> float:
    """Side of one screen pixel at a zoom level, in units of EPSG:3857 [m at the equator]."""
    return _WORLD_M / float(2**z) / _TILE_PIXELS


def is_a_tile(z: int, x: int, y: int) -> bool:
    """Whether such a tile exists in the web-Mercator quadtree, down to zoom 22."""
    return 0 <= z <= 22 and 0 <= x < 2**z and 0 <= y < 2**z


def in_force_sql(layer: TileLayer) -> str:
    """Which rows of the layer's table belong to the picture: those of the study, or those that held at its moment."""
    if layer.of_study:
        return "study_id = :study"
    return """recorded_at <= CAST(:as_of AS timestamptz)
              AND (retired_at IS NULL OR retired_at > CAST(:as_of AS timestamptz))"""


def tile_sql(layer: TileLayer, z: int) -> str:
    """SQL of one tile; parameters `z`, `x`, `y`, and `study` or `as_of`.

    Cheap things first: the index on `geom_3857`, then dropping or thinning what is too small to see, then
    simplification to 0.7 pixel, and only then the clip.
    """
    columns = ", ".join(layer.columns(z))
    small = "(ST_XMax(g) - ST_XMin(g) < {0} AND ST_YMax(g) - ST_YMin(g) < {0})"
    pixel = pixel_m(z)
    near = f"geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => {_BUFFER / _EXTENT})"
    table = f"gisrisk.{layer.name}"
    wanted = f"{near} AND {in_force_sql(layer)} AND {layer.only}"
    if layer.in_parts:
        parts = f"SELECT {columns}, (ST_Dump(geom_3857)).geom AS geom_3857 FROM {table} WHERE {wanted}"
        table, wanted = f"({parts}) AS parts", near
    found = f"""SELECT {columns}, geom_3857 AS g, {layer.worst} AS worst, ST_Dimension(geom_3857) AS dimension
                FROM {table} WHERE {wanted}"""
    if layer.as_points:
        is_small = "true" if layer.only_points else small.format(4 * pixel)
        shown = _thinned(columns, found, is_small, z)
    else:
        shown = f"SELECT {columns}, g FROM ({found}) AS found WHERE dimension = 0 OR NOT {small.format(pixel)}"
    drawn = f"ST_Simplify(g, {0.7 * pixel}, true)" if z < NEAR_ZOOM else "g"
    content = _mvt(layer.name, columns, drawn, shown)
    if layer.named_from is None or z < layer.named_from:
        return f"SELECT {content}"
    label = next(column for column in layer.columns(22) if column in ("name", "site_name", "area_name"))
    rows = found[found.index("FROM") :]
    kept = ", ".join(["name", *(column for column in layer.far if column != label)])
    named = (
        f"SELECT {kept.replace('name', f'{label} AS name', 1)}, {layer.named_at} AS g {rows} AND {label} IS NOT NULL"
    )
    return f"SELECT {content} || {_mvt(layer.name + '_name', kept, 'g', named)}"


def _mvt(name: str, columns: str, drawn: str, shown: str) -> str:
    """One layer of a tile; layers of a tile are joined by joining their bytes."""
    return f"""coalesce((SELECT ST_AsMVT(tile, '{name}', {_EXTENT}, 'geom') FROM (
                 SELECT {columns},
                        ST_AsMVTGeom({drawn}, ST_TileEnvelope(:z, :x, :y), {_EXTENT}, {_BUFFER}, true) AS geom
                 FROM ({shown}) AS shown) AS tile
               WHERE geom IS NOT NULL), '')"""


def _thinned(columns: str, found: str, is_small: str, z: int) -> str:
    """Large features as they are; small ones as points, below `THIN_BELOW_ZOOM` the worst one of each cell."""
    cell = _WORLD_M / 2**z / _CELLS
    points = f"SELECT {columns}, ST_PointOnSurface(g) AS g, worst FROM ({found}) AS f WHERE dimension = 0 OR {is_small}"
    if z < THIN_BELOW_ZOOM:
        cells = f"floor(ST_X(g) / {cell}), floor(ST_Y(g) / {cell})"
        points = f"SELECT DISTINCT ON ({cells}) * FROM ({points}) AS p ORDER BY {cells}, worst"
    return f"""SELECT {columns}, g FROM ({found}) AS f WHERE dimension > 0 AND NOT {is_small}
               UNION ALL SELECT {columns}, g FROM ({points}) AS q"""
