"""The four file formats: open one and hand over columns, geometries and the CRS it names, nothing judged yet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError

from gisrisk.errors import InputRefused, Problem

Geometries = NDArray[np.object_]
SUFFIXES = (".gpkg", ".geojson", ".json", ".csv", ".parquet")
_BAD_ROWS_SHOWN = 1000
_IS_FEATURES = re.compile(rb'"type"\s*:\s*"Feature(Collection)?"')
_NAMES_CRS = re.compile(rb'"crs"\s*:\s*\{')


@dataclass(kw_only=True)
class RawFile:
    """Columns of a file as it holds them.

    `geometry` is None where the file has no geometry column of its own (a CSV, a plain Parquet file); `unreadable`
    tells for each row whether it held a geometry that could not be read. `crs_is_default` is true where the format, not
    the file, names the CRS (GeoJSON without a crs member).
    """

    file: str
    sha256: str
    frame: pd.DataFrame
    geometry: Geometries | None = None
    unreadable: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    crs: CRS | None = None
    crs_is_default: bool = False
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def open_file(path: str | Path) -> RawFile:
    """Read a GeoPackage, GeoJSON, CSV or (Geo)Parquet file.

    Parameters
    ----------
    path : str or Path
        The file; a layer of a GeoPackage is named after a colon: `data.gpkg:tanks`.

    Raises
    ------
    InputRefused
        The file is missing, broken, of another format, or a GeoPackage with several layers of which none was named.
    """
    file, sublayer = _split(str(path))
    if not file.is_file():
        raise _refused(file.name, "the file does not exist", "Check the name and the folder")
    suffix = file.suffix.lower()
    readers = {".gpkg": _geopackage, ".geojson": _geojson, ".json": _geojson, ".csv": _csv, ".parquet": _parquet}
    if suffix not in readers:
        raise _refused(
            file.name,
            f"the format '{suffix or 'without ending'}' is not read",
            "Save it as GeoPackage (.gpkg), GeoJSON (.geojson), CSV (.csv) or GeoParquet (.parquet)",
        )
    raw = _geopackage(file, sublayer) if suffix == ".gpkg" else readers[suffix](file)
    if sublayer is not None:
        raw.file = f"{file.name}:{sublayer}"
    return raw


def _split(text: str) -> tuple[Path, str | None]:
    """File and layer of "file.gpkg:layer"."""
    head, sep, tail = text.rpartition(":")
    if sep and head.lower().endswith(".gpkg"):
        return Path(head), tail
    return Path(text), None


def _refused(file: str, reason: str, remedy: str, row: int | None = None) -> InputRefused:
    return InputRefused([Problem(file=file, row=row, reason=reason, remedy=remedy + ".")])


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ---------------------------------------------------------------- GeoPackage and GeoJSON


def _geopackage(path: Path, sublayer: str | None = None) -> RawFile:
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except DataSourceError as error:
        raise _refused(path.name, "this is not a readable GeoPackage", "Export it again from the GIS") from error
    if sublayer is None and len(names) != 1:
        example = names[0] if names else "layer"
        raise _refused(
            path.name,
            f"the file holds {len(names)} layers: {', '.join(names)}" if names else "the file holds no layer",
            f"Say which one after a colon, as {path.name}:{example}",
        )
    if sublayer is not None and sublayer not in names:
        raise _refused(path.name, f"there is no layer '{sublayer}' in the file", f"It holds: {', '.join(names)}")
    return _with_gdal(path, layer=sublayer or names[0])


def _geojson(path: Path) -> RawFile:
    data = path.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path.name, f"not UTF-8 at byte {error.start}", "GeoJSON is UTF-8; save it as such") from error
    if not _IS_FEATURES.search(data):
        raise _refused(path.name, "this is no GeoJSON FeatureCollection", "Export it as a FeatureCollection")
    try:
        raw = _with_gdal(path, layer=None, DATE_AS_STRING="YES")
    except InputRefused as refusal:
        try:
            json.loads(data)
        except json.JSONDecodeError as error:
            reason = f"not JSON: {error.msg} at line {error.lineno}"
            raise _refused(path.name, reason, "The file may be cut short; export it again") from error
        except RecursionError as error:
            raise _refused(path.name, "brackets nested too deep", "Export it again") from error
        raise refusal
    raw.crs_is_default = not _NAMES_CRS.search(data)
    raw.crs = raw.crs or CRS(4326)
    return raw


def _with_gdal(path: Path, *, layer: str | None, **options: str) -> RawFile:
    """Read through pyogrio's Arrow path; geometries that are no valid WKB come back as unreadable."""
    try:
        meta, table = pyogrio.read_arrow(path, layer=layer, datetime_as_string=False, **options)
    except (DataSourceError, ValueError, RuntimeError) as error:
        raise _refused(path.name, f"the file cannot be read ({error})", "Export it again from the GIS") from error
    geometry, unreadable = None, np.zeros(0, dtype=bool)
    name = meta["geometry_name"] or "wkb_geometry"
    if name in table.column_names:
        geometry, unreadable = _from_wkb(table.column(name))
        table = table.drop_columns([name])
    return RawFile(
        file=path.name,
        sha256=_sha256(path),
        frame=_to_pandas(table),
        geometry=geometry,
        unreadable=unreadable,
        crs=_file_crs(meta["crs"], path.name),
    )


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def _from_wkb(column: pa.ChunkedArray) -> tuple[Geometries, NDArray[np.bool_]]:
    wkb = np.asarray(column.to_numpy(), dtype=object)
    try:
        geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    except NotImplementedError:  # one curve spoils the whole array
        geometry = np.array([_or_none(value) for value in wkb], dtype=object)
    had_one = np.array([value is not None for value in wkb], dtype=bool)
    return geometry, had_one & shapely.is_missing(geometry)


def _or_none(wkb: bytes | None) -> Any:
    try:
        return shapely.from_wkb(wkb, on_invalid="ignore")
    except NotImplementedError:
        return None


def _file_crs(text: Any, file: str) -> CRS | None:
    """CRS a file names; None where it names none, or only "undefined"."""
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise _refused(
            file, "the CRS named in the file is not understood", "Assign the CRS in the GIS again"
        ) from error
    return None if crs.name.lower().startswith(("undefined", "unknown")) else crs


# ---------------------------------------------------------------- CSV


def _csv(path: Path) -> RawFile:
    """Every column as text; rows whose number of fields differs from the heading are problems."""
    data = path.read_bytes()
    notes = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise _refused(path.name, "neither UTF-8 nor GB18030 text", "Save the CSV as UTF-8") from error
        notes.append("the file is not UTF-8; it was read as GB18030 (GBK): check the Chinese names")
    if "\x00" in text:
        raise _refused(
            path.name, "the file holds NUL characters", "Save it as a CSV in UTF-8, not UTF-16 or a workbook"
        )
    heading = next(csv.reader(io.StringIO(text)), [])
    if not any(name.strip() for name in heading):
        raise _refused(path.name, "the first line holds no headings", "The first line of a CSV names its columns")
    if len(heading) == 1 and (";" in heading[0] or "\t" in heading[0]):
        raise _refused(path.name, "the columns are not separated by commas", "Save it as a comma-separated CSV")
    names = [name.strip() for name in heading]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refused(path.name, f"heading '{twice[0]}' stands twice", "Give every column its own heading")
    frame, problems = _csv_rows(text, names, path.name)
    return RawFile(file=path.name, sha256=hashlib.sha256(data).hexdigest(), frame=frame, notes=notes, problems=problems)


def _csv_rows(text: str, names: list[str], file: str) -> tuple[pd.DataFrame, list[Problem]]:
    problems: list[Problem] = []
    if not text.partition("\n")[2].strip():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names}), problems

    def odd(row: pyarrow.csv.InvalidRow) -> str:
        if len(problems) < _BAD_ROWS_SHOWN:
            number = None if row.number is None else int(row.number) - 1
            problems.append(
                Problem(
                    file=file,
                    row=number,
                    reason=f"{row.actual_columns} fields, the heading has {row.expected_columns}",
                    remedy="A comma inside a value needs the value in double quotes.",
                )
            )
        return "skip"

    options = {
        "read_options": pyarrow.csv.ReadOptions(
            column_names=names,
            skip_rows=0,
            skip_rows_after_names=1,
            use_threads=False,
            block_size=max(2**20, 4 * len(text)),
        ),
        "parse_options": pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=odd),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    }
    try:
        table = pyarrow.csv.read_csv(io.BytesIO(text.encode("utf-8")), **options)
    except pa.ArrowInvalid as error:
        raise _refused(file, f"not a readable CSV ({error})", "Save it again as a comma-separated CSV") from error
    return _to_pandas(table), problems


# ---------------------------------------------------------------- Parquet


def _parquet(path: Path) -> RawFile:
    try:
        table = pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _refused(path.name, "this is not a readable Parquet file", "Write it again") from error
    metadata = (table.schema.metadata or {}).get(b"geo")
    geometry, unreadable, crs = None, np.zeros(0, dtype=bool), None
    if metadata is not None:
        geo = json.loads(metadata)
        name = geo["primary_column"]
        described = geo["columns"][name]
        if described.get("encoding") != "WKB":
            raise _refused(path.name, f"geometry encoded as {described.get('encoding')}", "Write it with WKB geometry")
        # GeoParquet 1.0: no crs member means OGC:CRS84, null means unknown
        crs = _file_crs(described["crs"], path.name) if "crs" in described else CRS("OGC:CRS84")
        geometry, unreadable = _from_wkb(table.column(name))
        table = table.drop_columns([name])
    return RawFile(
        file=path.name,
        sha256=_sha256(path),
        frame=_to_pandas(table),
        geometry=geometry,
        unreadable=unreadable,
        crs=crs,
    )
