"""Part of a tile layer as GeoJSON: what the Leaflet fallback draws where the browser has no WebGL2."""

from __future__ import annotations

import math
from typing import Any

from gisrisk.errors import OutOfDomain, UnknownName
from gisrisk.server.database import rows
from gisrisk.server.results import Results
from gisrisk.server.state import state
from gisrisk.server.tile_layers import TILE_LAYERS, in_force_sql


def parse_bbox(given: str) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees from comma-separated text.

    Raises
    ------
    OutOfDomain
        Not four finite numbers in order within the globe.
    """
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError:
        raise OutOfDomain(f"bbox is '{given}', expected west,south,east,north in degrees") from None
    if not all(map(math.isfinite, (west, south, east, north))) or not (
        -180 <= west < east <= 180 and -90 <= south < north <= 90
    ):
        raise OutOfDomain(f"bbox is '{given}', expected west < east within +-180 and south < north within +-90")
    return west, south, east, north


def features_in(name: str, bbox: str, limit: int, results: Results | None) -> dict[str, Any]:
    """At most `limit` features of a layer that touch a box, as a GeoJSON collection; `truncated` when there are more.

    Raises
    ------
    UnknownName
        There is no such layer.
    OutOfDomain
        The box is none.
    """
    if name not in TILE_LAYERS:
        raise UnknownName("map layer", name, list(TILE_LAYERS))
    west, south, east, north = parse_bbox(bbox)
    layer = TILE_LAYERS[name]
    study: dict[str, Any] = {}
    if layer.of_study:
        study["study"] = results.study_id if results else None
    else:
        study["as_of"] = (results.study["as_of"] if results else None) or "infinity"
    columns = layer.far + layer.near
    shape = "ST_PointOnSurface(geom)" if layer.only_points else "geom"
    found = rows(
        state().store.engine,
        f"""SELECT {", ".join(columns)}, ST_AsGeoJSON({shape}, 7, 0) AS geometry FROM gisrisk.{name}
            WHERE geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
              AND {in_force_sql(layer)} AND {layer.only}
            ORDER BY {layer.worst}, {columns[0]} LIMIT :limit""",
        **study,
        west=west,
        south=south,
        east=east,
        north=north,
        limit=limit + 1,
    )
    drawn = [
        {
            "type": "Feature",
            "geometry": row["geometry"],
            "properties": {column: row[column] for column in columns},
        }
        for row in found[:limit]
    ]
    return {"type": "FeatureCollection", "features": drawn, "truncated": len(found) > limit}
