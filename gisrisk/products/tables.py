"""The tables of a study as files: what was found, in formats that QGIS, a spreadsheet and a notebook open.

Fields are those of the contract, first and in its order; what the study knows beyond them follows. Two runs of the
same study write the same rows in the same order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gisrisk.errors import OutOfDomain
from gisrisk.products import styles
from gisrisk.products.view import StudyLike
from gisrisk.products.words import DEMO_NOTE

FINDING_FIELDS = (
    "study_id", "rule_id", "document", "clause", "review", "mandatory", "source_layer", "source_code", "target_layer",
    "target_code", "required_m", "measured_m", "shortfall_m", "status", "missing", "people", "since", "title_zh",
    "source_name", "target_name", "assumed", "substitutes", "uncertainty_m", "measured_from", "measured_to",
    "document_no", "rule_type", "finding_no",
)  # fmt: skip
HAZARD_FIELDS = (
    "study_id", "unit_code", "unit_name", "unit_kind", "site_code", "source_codes", "status", "s", "alpha",
    "alpha_basis", "people_500m", "r", "level", "level_min", "level_max", "missing", "detail", "lon", "lat",
)  # fmt: skip
LEVEL_FIELDS = ("study_id", "level", "method")
REGION_FIELDS = (
    "study_id", "kind", "area_code", "area_name", "area_level", "level", "status", "method", "sites", "red", "orange",
    "yellow", "blue", "undetermined", "major_1", "major_2", "major_3", "major_4", "people_near_major",
    "people_near_major_min", "people_basis", "violations",
)  # fmt: skip
SITE_FIELDS = (
    "study_id", "site_code", "site_name", "park_code", "county_code", "status", "level", "level_at_least", "method",
    "likelihood", "severity", "score", "reasons", "major_level", "violations", "needs_survey", "undetermined_findings",
)  # fmt: skip
_WHOLE = {
    "finding_no", "level", "level_min", "level_max", "level_at_least", "likelihood", "severity", "major_level",
    "violations", "needs_survey", "undetermined_findings", "sites", "red", "orange", "yellow", "blue", "undetermined",
    "major_1", "major_2", "major_3", "major_4",
}  # fmt: skip
_NUMBERS = {
    "required_m", "measured_m", "shortfall_m", "uncertainty_m", "people", "s", "alpha", "people_500m", "r", "score",
    "people_near_major", "people_near_major_min", "lon", "lat",
}  # fmt: skip


def write_study_json(study: StudyLike, path: Path, files: Sequence[str] = ()) -> Path:
    """`study.json`: what was asked, of which data, with which rules, how much came out, and the files beside it."""
    record = {
        "study_id": study.study_id,
        "area": study.area,
        "area_name": study.area_name,
        "on": study.on,
        "as_of": study.as_of,
        "rule_set": study.rule_set,
        "method": dict(study.method),
        "parameters": dict(study.parameters),
        "input_sha256": study.input_sha256,
        "code_version": study.code_version,
        "synthetic": bool(study.synthetic),
        "data_note": DEMO_NOTE if study.synthetic else None,
        "counts": dict(study.counts),
        "timings_s": dict(study.timings_s),
        "not_evaluated": list(study.not_evaluated or []),
        "files": sorted(files),
    }
    text = json.dumps(record, ensure_ascii=False, indent=1, default=_plain, allow_nan=False)
    return _atomic(path, lambda half: half.write_text(text + "\n", encoding="utf-8"))


def write_findings(study: StudyLike, path: Path) -> Path:
    """The findings with the fields of the contract; the ending chooses .gpkg, .geojson, .csv or .parquet."""
    order = ["source_layer", "source_code", "target_layer", "target_code", "rule_id", "clause", "finding_no"]
    frame = _prepared(study, study.findings, FINDING_FIELDS, order)
    return _write(study, frame, path, "findings", styles.finding_style(), "距离结论 distance findings")


def write_hazard_grades(study: StudyLike, path: Path) -> Path:
    """Major-hazard identification and grading, one row per unit; `lon` and `lat` are a point inside the unit."""
    hazards = study.hazard_grades
    point = hazards.geometry.representative_point()
    frame = _prepared(study, hazards.assign(lon=point.x.round(7), lat=point.y.round(7)), HAZARD_FIELDS, ["unit_code"])
    return _write(study, frame, path, "hazard_grades", None, "重大危险源分级 major hazards", with_wkt=False)


def write_site_grades(study: StudyLike, path: Path) -> Path:
    """The level of every enterprise with its reasons."""
    frame = _prepared(study, study.site_grades, SITE_FIELDS, ["site_code"])
    return _write(study, frame, path, "site_grades", styles.level_style(), "企业风险等级 enterprise levels")


def write_risk_levels(study: StudyLike, path: Path) -> Path:
    """The planar partition of levels: 1 red to 4 blue, 0 undetermined."""
    frame = _prepared(study, study.risk_levels, LEVEL_FIELDS, ["level", "method"])
    return _write(study, frame, path, "risk_levels", styles.level_style(), "风险等级分区 planar partition of levels")


def write_region_grades(study: StudyLike, path: Path) -> Path:
    """Grades and counts of parks and administrative areas."""
    frame = _prepared(study, study.region_grades, REGION_FIELDS, ["kind", "area_code"])
    return _write(study, frame, path, "region_grades", styles.level_style(), "区域风险等级 area levels")


def _prepared(study: StudyLike, frame: gpd.GeoDataFrame, fields: tuple[str, ...], order: list[str]) -> gpd.GeoDataFrame:
    """The frame with exactly the fields, typed, flat (lists joined by ';'), labelled and sorted."""
    columns: dict[str, Any] = {}
    for name in fields:
        values = frame[name] if name in frame.columns else pd.Series(None, index=frame.index, dtype=object)
        if name == "study_id":
            values = pd.Series(study.study_id, index=frame.index)
        elif name in _WHOLE:
            values = pd.to_numeric(values, errors="coerce").astype("Int64")
        elif name in _NUMBERS:
            values = pd.to_numeric(values, errors="coerce").astype("float64")
        elif name == "mandatory":
            values = values.astype("boolean")
        elif name == "since":
            values = pd.to_datetime(values, errors="coerce").dt.date
        else:
            values = values.map(_flat).astype(object)
        columns[name] = values
    if study.synthetic:
        columns["data_note"] = pd.Series(DEMO_NOTE, index=frame.index)
    flat = gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs, index=frame.index)
    return flat.sort_values(order, kind="stable", na_position="last").reset_index(drop=True)


def _flat(value: Any) -> str | None:
    """A cell as text: lists joined by ';', records as JSON, missing as None."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return ";".join(str(part) for part in value) or None
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    return str(value)


def _write(
    study: StudyLike,
    frame: gpd.GeoDataFrame,
    path: Path,
    layer: str,
    style: styles.Style | None,
    description: str,
    *,
    with_wkt: bool = True,
) -> Path:
    label = f"{description}; {DEMO_NOTE}" if study.synthetic else description
    suffix = path.suffix.lower()

    def gpkg(half: Path) -> None:
        # Arrow keeps dates as dates; the moment comes from the study, so that equal studies give equal files
        frame.to_file(
            half,
            layer=layer,
            driver="GPKG",
            engine="pyogrio",
            use_arrow=True,
            dataset_options={"VERSION": "1.2"},  # read without a warning by the GDAL 3.6 of current distributions
            layer_options={"DESCRIPTION": label, "IDENTIFIER": layer},
        )
        at = (study.as_of or datetime.combine(study.on, datetime.min.time(), UTC)).astimezone(UTC)
        if style is not None:
            styles.embed(half, layer, style, at=f"{at:%Y-%m-%dT%H:%M:%S}.000Z")
        styles.stamp(half, at=f"{at:%Y-%m-%dT%H:%M:%S}.000Z")

    def csv(half: Path) -> None:
        table = pd.DataFrame(frame.drop(columns="geometry"))
        if with_wkt:
            table["wkt"] = frame.geometry.to_wkt(rounding_precision=8)
        table.to_csv(half, index=False, encoding="utf-8-sig", lineterminator="\r\n")

    writers: dict[str, Callable[[Path], Any]] = {
        ".gpkg": gpkg,
        ".geojson": lambda half: frame.to_file(half, layer=layer, driver="GeoJSON", engine="pyogrio", use_arrow=True),
        ".csv": csv,
        ".parquet": lambda half: frame.to_parquet(half),
    }
    if suffix not in writers:
        raise OutOfDomain(f"'{path.name}' ends in '{suffix}'; a table can be written as {', '.join(writers)}.")
    return _atomic(path, writers[suffix])


def _atomic(path: Path, write: Callable[[Path], Any]) -> Path:
    """Write beside the final name and rename: a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".half-{os.getpid()}-{path.name}")
    try:
        half.unlink(missing_ok=True)
        write(half)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path


def write_tables(study: StudyLike, out: Path) -> list[Path]:
    """Write the tables of a study into a folder.

    Parameters
    ----------
    study : Study
        A finished study.
    out : Path
        Folder; made when absent. Each file is complete or not there at all.

    Returns
    -------
    list of Path
        study.json, findings.gpkg, hazard_grades.csv, site_grades.gpkg, risk_levels.gpkg, region_grades.gpkg.
    """
    files = [
        write_findings(study, out / "findings.gpkg"),
        write_hazard_grades(study, out / "hazard_grades.csv"),
        write_site_grades(study, out / "site_grades.gpkg"),
        write_risk_levels(study, out / "risk_levels.gpkg"),
        write_region_grades(study, out / "region_grades.gpkg"),
    ]
    return [*files, write_study_json(study, out / "study.json", [file.name for file in files])]
