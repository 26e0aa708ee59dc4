"""From longitude and latitude to millimetres of paper: the plane of a sheet and its round, true scale.

The plane is the CGCS2000 three-degree Gauss-Kruger zone of the place, which Chinese large-scale sheets use; outside
China it is a transverse Mercator plane centred on the place. The extent of the map is derived from the paper and the
scale, never the other way round, so that 1 cm on the sheet is what the scale says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from gisrisk.errors import OutOfDomain
from gisrisk.geo import STORAGE_CRS, densify, local_crs
from gisrisk.products.page import Box

SCALES = (
    500, 1_000, 2_000, 2_500, 5_000, 7_500, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 75_000, 100_000,
    150_000, 200_000, 250_000, 300_000, 400_000, 500_000, 750_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000,
    5_000_000, 10_000_000,
)  # fmt: skip
"""Denominators a sheet may have."""

_FIRST_MERIDIAN, _LAST_MERIDIAN, _FIRST_EPSG = 75, 135, 4534  # EPSG:4534 .. 4554, named by central meridian


@dataclass(frozen=True)
class Plane:
    """A projected coordinate system in metres, easting first, and the name printed for it."""

    crs: CRS
    name_zh: str
    name_en: str

    def project(self, geometry: BaseGeometry) -> BaseGeometry:
        """A longitude/latitude geometry in this plane; long edges are divided first."""
        forward = Transformer.from_crs(STORAGE_CRS, self.crs, always_xy=True)
        return shapely.transform(densify(geometry), lambda xy: np.column_stack(forward.transform(xy[:, 0], xy[:, 1])))

    def project_frame(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The same for every row of a frame."""
        if frame.empty:
            return frame
        return frame.set_geometry(densify(frame.geometry.to_numpy()), crs=STORAGE_CRS).to_crs(self.crs)

    def points(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Points in this plane, shape (n, 2) [m]."""
        forward = Transformer.from_crs(STORAGE_CRS, self.crs, always_xy=True)
        return np.column_stack(forward.transform(np.asarray(lon, float), np.asarray(lat, float)))

    def lonlat(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Longitude and latitude of points of the plane, shape (n, 2) [degrees]."""
        back = Transformer.from_crs(self.crs, STORAGE_CRS, always_xy=True)
        return np.column_stack(back.transform(np.asarray(x, float), np.asarray(y, float)))


def plane_at(lon: float, lat: float) -> Plane:
    """The plane in which a sheet about this place is drawn.

    Parameters
    ----------
    lon, lat : float
        Middle of the sheet [degrees].
    """
    meridian = 3 * round(lon / 3)
    if _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN and 0 <= lat <= 56:
        epsg = _FIRST_EPSG + (meridian - _FIRST_MERIDIAN) // 3
        return Plane(
            CRS.from_epsg(epsg),
            f"CGCS2000 3度带高斯-克吕格投影，中央经线{meridian}°E（EPSG:{epsg}）",
            f"CGCS2000 3-degree Gauss-Kruger, CM {meridian}E (EPSG:{epsg})",
        )
    return Plane(
        local_crs(lon, lat),
        f"CGCS2000 局部横轴墨卡托投影，中心{lon:.3f}°，{lat:.3f}°",
        f"CGCS2000 local transverse Mercator centred at {lon:.3f}, {lat:.3f}",
    )


def fits(width_m: float, height_m: float, frame: Box, scale: int, *, fill: float = 0.94) -> bool:
    """Whether an extent fits a frame at a scale, using at most the share `fill` of it."""
    return width_m <= frame.w * fill / 1000 * scale and height_m <= frame.h * fill / 1000 * scale


def round_scale(width_m: float, height_m: float, frame: Box, *, fill: float = 0.94) -> int:
    """Denominator of the largest round scale at which an extent fits a frame.

    Parameters
    ----------
    width_m, height_m : float
        Size of what must fit [m].
    frame : Box
        The map frame on the paper [mm].
    fill : float
        Share of the frame that may be used, 0..1.

    Raises
    ------
    OutOfDomain
        It fits at no scale of `SCALES`.
    """
    for scale in SCALES:
        if fits(width_m, height_m, frame, scale, fill=fill):
            return scale
    raise OutOfDomain(f"an extent of {width_m:.0f} x {height_m:.0f} m fits the sheet at no scale up to 1:{SCALES[-1]}")


@dataclass(frozen=True)
class Extent:
    """What the map frame shows: a scale, and the rectangle of the plane that it covers [m]."""

    frame: Box
    scale: int
    x: float
    y: float

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], frame: Box, scale: int) -> Extent:
        """The extent at `scale` with the middle of `bounds` (west, south, east, north) in the middle of the frame."""
        west, south, east, north = bounds
        width, height = frame.w / 1000 * scale, frame.h / 1000 * scale
        return cls(frame, scale, (west + east - width) / 2, (south + north - height) / 2)

    @property
    def width_m(self) -> float:
        return self.frame.w / 1000 * self.scale

    @property
    def height_m(self) -> float:
        return self.frame.h / 1000 * self.scale

    @property
    def polygon(self) -> BaseGeometry:
        return shapely.box(self.x, self.y, self.x + self.width_m, self.y + self.height_m)

    def mm(self, x: float, y: float) -> tuple[float, float]:
        """Place on the page [mm] of a point of the plane [m]."""
        return (
            self.frame.x + (x - self.x) * 1000 / self.scale,
            self.frame.y + (y - self.y) * 1000 / self.scale,
        )

    def metres(self, length_mm: float) -> float:
        """Length on the ground [m] of a length on the page [mm]."""
        return length_mm / 1000 * self.scale


def round_length_m(at_most_m: float) -> float:
    """Largest length 1, 2, 4, 6, 8, 10, 20, ... that is at most `at_most_m` [m]; for scale bars."""
    power = math.floor(math.log10(at_most_m))
    # the logarithm of a number just below a power of ten may round up to it: the power below is tried too
    candidates = (step * 10.0**exponent for exponent in (power, power - 1) for step in (8, 6, 4, 2, 1))
    return next(length for length in candidates if length <= at_most_m)
