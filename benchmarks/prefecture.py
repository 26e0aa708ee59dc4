"""A synthetic prefecture of 120 x 120 km: plants with a required distance of their own, and what must be kept away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from gisrisk.geo import STORAGE_CRS, local_crs

WIDTH_M = 120_000.0
CENTRE = (115.0, 25.8)
SITE_VERTICES = 12


@dataclass(frozen=True)
class Prefecture:
    """`sites` (polygons of 12 vertices) with `reach_m` each; `targets` (70 % small polygons, 30 % points)."""

    sites: NDArray[Any]
    reach_m: NDArray[np.float64]
    targets: NDArray[Any]


def planar(sites: int, targets: int, seed: int = 20260101) -> Prefecture:
    """The prefecture in metres, its middle at (0, 0)."""
    rng = np.random.default_rng(seed)
    polygons = round(0.7 * targets)
    small = _stars(rng, polygons, vertices=6, low_m=5, high_m=40)
    points = shapely.points(rng.uniform(-WIDTH_M / 2, WIDTH_M / 2, (targets - polygons, 2)))
    mixed = np.concatenate([small, points])
    rng.shuffle(mixed)
    mixed = shapely.from_wkb(shapely.to_wkb(mixed))  # side by side in memory, as when read from a file or a table
    return Prefecture(_stars(rng, sites, SITE_VERTICES, 60, 200), rng.uniform(50, 1000, sites), mixed)


def geodesic(sites: int, targets: int, seed: int = 20260101) -> tuple[Prefecture, Prefecture]:
    """The same prefecture in degrees (EPSG:4490), and in the transverse Mercator plane it was drawn in."""
    flat = planar(sites, targets, seed)
    to_degrees = Transformer.from_crs(local_crs(*CENTRE), STORAGE_CRS, always_xy=True)

    def globe(shapes: NDArray[Any]) -> NDArray[Any]:
        turned: NDArray[Any] = shapely.transform(shapes, to_degrees.transform, interleaved=False)
        return turned

    return Prefecture(globe(flat.sites), flat.reach_m, globe(flat.targets)), flat


def _stars(rng: np.random.Generator, count: int, vertices: int, low_m: float, high_m: float) -> NDArray[Any]:
    """Rings about random centres; star-shaped, hence valid."""
    angles = np.linspace(0, 2 * np.pi, vertices + 1)[:-1]
    radii = rng.uniform(low_m, high_m, (count, vertices, 1))
    centres = rng.uniform(-WIDTH_M / 2, WIDTH_M / 2, (count, 1, 2))
    rings = centres + radii * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    shapes: NDArray[Any] = shapely.polygons(np.concatenate([rings, rings[:, :1]], axis=1))
    return shapes
