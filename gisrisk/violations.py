"""The ledger of existing violations of a study: what fails, since when by the store's history, and who should move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gisrisk.analysis.ledger import relocation_ranking, violation_ledger, with_history
from gisrisk.catalog import load_layers
from gisrisk.errors import OutOfDomain
from gisrisk.rules import RuleBook, load_rules
from gisrisk.store import Store
from gisrisk.study import Study

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Violations:
    """Frames with the columns of `gisrisk.analysis.ledger`, EPSG:4490."""

    study_id: str
    synthetic: bool
    ledger: gpd.GeoDataFrame
    relocation: gpd.GeoDataFrame


def existing_violations(
    study: Study, store: Store, *, rules: RuleBook | None = None, progress: Progress | None = None
) -> Violations:
    """Everything that fails today in the area of a study.

    Parameters
    ----------
    study : Study
    store : Store
        The one the study was made from; its history says since when a row fails.
    """
    ledger = violation_ledger(study.findings, study.context)
    if progress is not None:
        progress("追溯历史", 0, 1)
    if len(ledger):
        codes = _codes(ledger, study)

        def frames_at(moment: datetime | None) -> dict[str, pd.DataFrame]:
            return _rows(store, codes, moment)

        book = rules if rules is not None else load_rules()
        ledger = with_history(ledger, frames_at(study.as_of), frames_at, book, on=study.on)
    ranking = relocation_ranking(ledger, study.context, on=study.on)
    return Violations(study.study_id, study.synthetic, ledger, ranking)


def _codes(ledger: gpd.GeoDataFrame, study: Study) -> dict[str, set[str]]:
    """Codes by layer of everything the ledger speaks of, and of the sites it belongs to."""
    codes: dict[str, set[str]] = {}
    for end in ("source", "target"):
        for layer, code in zip(ledger[f"{end}_layer"], ledger[f"{end}_code"], strict=True):
            codes.setdefault(str(layer), set()).add(str(code))
    sources = study.context["hazard_source"]
    mine = sources[sources["code"].isin(codes.get("hazard_source", set()))]
    codes.setdefault("enterprise_site", set()).update(str(s) for s in mine["site_code"] if isinstance(s, str))
    siblings = sources[sources["site_code"].isin(codes["enterprise_site"])]
    codes.setdefault("hazard_source", set()).update(siblings["code"].astype(str))
    codes["park"] = set(study.context["park"]["code"].astype(str))
    return codes


def _rows(store: Store, codes: dict[str, set[str]], moment: datetime | None) -> dict[str, pd.DataFrame]:
    frames = {
        name: store.read(name, only={"code": codes[name]}, as_of=moment)
        for name, layer in load_layers().items()
        if layer.kind == "vector" and codes.get(name)
    }
    sources = frames.get("hazard_source")
    if sources is not None and len(sources):
        frames["inventory"] = store.read("inventory", only={"source_code": set(sources["code"])}, as_of=moment)
    return frames


def write_frame(frame: gpd.GeoDataFrame, path: Path, *, name: str, note: str = "") -> Path:
    """A ledger or a ranking as .csv (with WKT), .gpkg, .geojson or .parquet; the note goes into a column of its own.

    Raises
    ------
    OutOfDomain
        Another ending.
    """
    out = frame.assign(
        **{n: frame[n].astype(float).round(2) for n in ("required_m", "measured_m", "shortfall_m") if n in frame}
    )
    out = out.assign(data_note=note) if note else out
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        table = pd.DataFrame(out.drop(columns="geometry")).assign(wkt=out.geometry.to_wkt(rounding_precision=8))
        table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    elif suffix == ".parquet":
        out.to_parquet(path)
    elif suffix in (".gpkg", ".geojson"):
        plain = out.assign(**{c: out[c].astype(str) for c in ("since",) if c in out})
        plain.to_file(path, layer=name, driver="GPKG" if suffix == ".gpkg" else "GeoJSON", engine="pyogrio")
    else:
        raise OutOfDomain(
            f"'{path.name}' ends in '{suffix}'; a ledger can be written as .csv, .gpkg, .geojson, .parquet."
        )
    return path
