"""The population raster: residents of every home on the cells it covers, few people elsewhere, none in plants.

Residents are whole persons. The cells are 0.001 degrees wide and 0.0009 degrees high: 100 m by 100 m here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from gisrisk.geo import STORAGE_CRS

CELL_DEGREES = (0.001, 0.0009)
NODATA = -9999.0


@dataclass(frozen=True, slots=True)
class Population:
    """People per cell: the array (rows from the north), its place, and what went in."""

    cells: NDArray[np.float32]
    transform: Affine
    residents: int
    background: int


def people_per_cell(
    homes: Sequence[tuple[BaseGeometry, int]],
    empty: BaseGeometry,
    region: shapely.Polygon,
    rng: np.random.Generator,
    background_per_cell: float = 0.35,
) -> Population:
    """Spread residents over cells.

    Parameters
    ----------
    homes : sequence of (geometry, persons)
        Polygons in EPSG:4490.
    empty : shapely geometry, EPSG:4490
        Ground where nobody lives (plots, water, the belt around the parks): no background people there.
    region : shapely.Polygon, EPSG:4490
        Cells whose centre lies outside hold no data.
    rng : numpy Generator
        For the background and the odd person of a home that covers several cells.
    background_per_cell : float
        Mean of scattered people per cell on open ground.

    Returns
    -------
    Population
        `cells.sum()` over data cells equals `residents + background` exactly.
    """
    dx, dy = CELL_DEGREES
    west, south, east, north = region.bounds
    columns, rows = int(np.ceil((east - west) / dx)) + 2, int(np.ceil((north - south) / dy)) + 2
    left, top = round(west - dx, 4), round(north + dy, 4)
    transform = Affine(dx, 0.0, left, 0.0, -dy, top)
    cells = np.zeros((rows, columns), dtype=np.int64)
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    squares = shapely.box(left + column * dx, top - (row + 1) * dy, left + (column + 1) * dx, top - row * dy)
    centres = shapely.points(left + (column + 0.5) * dx, top - (row + 0.5) * dy)
    shapely.prepare(region)
    inside = shapely.contains(region, centres)
    shapely.prepare(empty)
    open_ground = inside & ~shapely.intersects(empty, squares)
    background = np.where(open_ground, rng.poisson(background_per_cell, cells.shape), 0)
    cells += background
    for home, persons in homes:
        x0, y0, x1, y1 = home.bounds
        c0, c1 = int((x0 - left) // dx), int((x1 - left) // dx)
        r0, r1 = int((top - y1) // dy), int((top - y0) // dy)
        share = shapely.area(shapely.intersection(home, squares[r0 : r1 + 1, c0 : c1 + 1]))
        cells[r0 : r1 + 1, c0 : c1 + 1] += whole_shares(persons, share)
    values = np.where(inside, cells, NODATA).astype(np.float32)
    if (cells[~inside] != 0).any():
        raise ValueError("a home reaches outside the region of the population raster")
    return Population(values, transform, sum(persons for _, persons in homes), int(background.sum()))


def whole_shares(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Split a whole number in proportion to weights, the odd ones going to the largest remainders.

    Returns
    -------
    ndarray of int64, same shape as `weights`
        Sums to `total` exactly.
    """
    flat = np.asarray(weights, dtype=np.float64).ravel()
    ideal = total * flat / flat.sum()
    whole = np.floor(ideal).astype(np.int64)
    order = np.lexsort((np.arange(flat.size), -(ideal - whole)))
    whole[order[: total - int(whole.sum())]] += 1
    shares: NDArray[np.int64] = whole.reshape(np.shape(weights))
    return shares


def write_population(population: Population, path: Path) -> None:
    """Write the raster as GeoTIFF, EPSG:4490, float32, people per cell."""
    rows, columns = population.cells.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        crs=STORAGE_CRS,
        transform=population.transform,
        nodata=NODATA,
        compress="deflate",
        tiled=True,
        blockxsize=128,
        blockysize=128,
    ) as file:
        file.write(population.cells, 1)
        file.set_band_description(1, "常住人口(人/格), 演示数据 synthetic")
        file.update_tags(
            TITLE="演示数据: 常住人口栅格 (synthetic, not a real census)",
            UNIT="people per cell",
            RESIDENTS=str(population.residents),
            BACKGROUND=str(population.background),
        )
