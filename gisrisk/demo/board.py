"""The drawing board: shapes in metres on turned local frames, kept as rows, taken to longitude and latitude last.

Every maker of the demo region (parks, plants, surroundings) draws in metres on a `Frame`, so that a block is 250 m and
a tank 12 m, and adds rows to a `Sheet`. Only `Board.to_lonlat` knows where on the Earth the region lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from gisrisk.geo import STORAGE_CRS, local_crs

COORDINATE_DECIMALS = 8
"""Digits kept of a degree: about 1 mm, so that the files are the same on every run."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """A local set of axes: its origin on the region plane [m] and the turn of its x axis [degrees, anticlockwise].

    With `radius_m` the x axis is an arc of that radius (positive: it bends to the left), so that streets curve while
    what stands on them stays square.
    """

    u0: float
    v0: float
    angle_deg: float = 0.0
    radius_m: float | None = None

    def xy_to_uv(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Region-plane coordinates of points of this frame, shape (n, 2) [m]."""
        c, s = math.cos(math.radians(self.angle_deg)), math.sin(math.radians(self.angle_deg))
        x, y = xy[:, 0], xy[:, 1]
        if self.radius_m is not None:
            turn = x / self.radius_m
            x, y = (self.radius_m - y) * np.sin(turn), self.radius_m - (self.radius_m - y) * np.cos(turn)
        return np.stack([self.u0 + c * x - s * y, self.v0 + s * x + c * y], axis=-1)

    def draw(self, geometry: Any) -> Any:
        """A geometry (or array of them) of this frame, on the region plane."""
        return shapely.transform(geometry, self.xy_to_uv)

    def at(self, x: float, y: float, turn_deg: float = 0.0) -> Frame:
        """A straight frame with its origin at (x, y) of this one, turned further by `turn_deg`."""
        u, v = self.xy_to_uv(np.array([[x, y]], dtype=np.float64))[0]
        bend_deg = 0.0 if self.radius_m is None else math.degrees(x / self.radius_m)
        return Frame(float(u), float(v), self.angle_deg + bend_deg + turn_deg)

    def box(self, x: float, y: float, width: float, depth: float) -> shapely.Polygon:
        """A rectangle with its lower left corner at (x, y) [m]."""
        polygon: shapely.Polygon = self.draw(shapely.box(x, y, x + width, y + depth))
        return polygon

    def point(self, x: float, y: float) -> shapely.Point:
        """A point at (x, y) [m]."""
        point: shapely.Point = self.draw(shapely.Point(x, y))
        return point

    def circle(self, x: float, y: float, diameter_m: float, sides: int = 36) -> shapely.Polygon:
        """A round tank as a regular polygon of the given diameter over its corners [m]."""
        turn = np.linspace(0.0, 2 * np.pi, sides, endpoint=False)
        ring = np.stack([x + diameter_m / 2 * np.cos(turn), y + diameter_m / 2 * np.sin(turn)], axis=-1)
        polygon: shapely.Polygon = self.draw(shapely.Polygon(ring))
        return polygon

    def line(self, points: Sequence[tuple[float, float]]) -> shapely.LineString:
        """A line through points of this frame [m]; on a bent frame it follows the arc."""
        straight = shapely.LineString(points)
        line: shapely.LineString = self.draw(straight if self.radius_m is None else shapely.segmentize(straight, 60.0))
        return line


@dataclass(frozen=True, slots=True)
class Board:
    """The region plane: metres about a centre, the u axis turned from east by `angle_deg`, edges at +-half sizes."""

    lon: float
    lat: float
    angle_deg: float
    half_width_m: float
    half_height_m: float

    @property
    def extent(self) -> shapely.Polygon:
        """The whole board on the region plane."""
        return shapely.box(-self.half_width_m, -self.half_height_m, self.half_width_m, self.half_height_m)

    def to_lonlat(self, geometry: Any) -> Any:
        """A region-plane geometry (or array of them) in EPSG:4490, rounded to `COORDINATE_DECIMALS` digits."""
        to_degrees = Transformer.from_crs(local_crs(self.lon, self.lat), STORAGE_CRS, always_xy=True)
        turn = Frame(0.0, 0.0, self.angle_deg)

        def move(uv: NDArray[np.float64]) -> NDArray[np.float64]:
            east_north = turn.xy_to_uv(uv)
            lon, lat = to_degrees.transform(east_north[:, 0], east_north[:, 1])
            return np.round(np.stack([lon, lat], axis=-1), COORDINATE_DECIMALS)

        return shapely.transform(geometry, move)


@dataclass(slots=True)
class Sheet:
    """Rows drawn so far, layer by layer; `geometry` of a row is on the region plane, absent in a table."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, layer: str, geometry: BaseGeometry | None = None, **values: Any) -> Row:
        """Append one row and return it; a value of None is an empty cell."""
        row: Row = {**values, "geometry": geometry} if geometry is not None else dict(values)
        self.rows.setdefault(layer, []).append(row)
        return row

    def of(self, layer: str) -> list[Row]:
        """Rows of one layer in the order they were drawn."""
        return self.rows.get(layer, [])

    def geometries(self, layer: str) -> list[BaseGeometry]:
        """Geometries of one layer in the order they were drawn."""
        return [row["geometry"] for row in self.of(layer)]


class Occupied:
    """Ground that is taken: tells whether a new shape would run into what stands there already."""

    def __init__(self) -> None:
        self._tree: shapely.STRtree | None = None
        self._fixed: list[BaseGeometry] = []
        self._recent: list[BaseGeometry] = []

    def take(self, geometries: BaseGeometry | Iterable[BaseGeometry], margin_m: float = 0.0) -> None:
        """Mark ground as taken, together with a margin [m] around it."""
        shapes = [geometries] if isinstance(geometries, BaseGeometry) else list(geometries)
        self._recent.extend(shape.buffer(margin_m, quad_segs=4) if margin_m else shape for shape in shapes)

    def is_free(self, geometry: BaseGeometry) -> bool:
        """True when the shape touches no taken ground."""
        if self._tree is None or len(self._recent) > 200:
            self._fixed += self._recent
            self._recent = []
            self._tree = shapely.STRtree(self._fixed)
        if len(self._tree.query(geometry, predicate="intersects")):
            return False
        return not any(shape.intersects(geometry) for shape in self._recent)


def smooth(points: Sequence[tuple[float, float]], rounds: int = 3) -> shapely.LineString:
    """A line with rounded corners through (nearly) the given points: corner cutting after Chaikin, ends kept."""
    line = np.asarray(points, dtype=np.float64)
    for _ in range(rounds):
        quarter, three = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        inner = np.stack([quarter, three], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner, line[-1:]])
    return shapely.LineString(line)
