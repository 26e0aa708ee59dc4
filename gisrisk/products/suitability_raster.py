"""The suitability map as a file: a Cloud-Optimised GeoTIFF with the classes, the binding rules, and what they mean."""

from __future__ import annotations

import json
import os
import struct
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import rasterio
import rasterio.shutil
from rasterio.windows import Window

from gisrisk._version import code_version
from gisrisk.analysis.suitability import (
    ADMITTED,
    BREAKS_PROVISIONAL,
    FORBIDDEN,
    OUTSIDE,
    UNDETERMINED,
    Suitability,
)

CLASSES: dict[int, tuple[str, str, str]] = {
    ADMITTED: ("可选址", "admitted", "#4C9F70"),
    FORBIDDEN: ("已核实的强制条款禁止", "forbidden by a confirmed mandatory rule", "#B2182B"),
    UNDETERMINED: ("待定", "undetermined", "#9E9E9E"),
    BREAKS_PROVISIONAL: ("仅待核或非强制条款不满足", "only a provisional or advisory rule is broken", "#EF8A62"),
    OUTSIDE: ("范围外", "outside the area", "#FFFFFF"),
}
"""Of each class its Chinese name, English name and colour."""

_ROWS = 2048
_ALPHA_TAG = 338  # ExtraSamples of TIFF 6.0; 0 is "unspecified data"


def write_cog(suitability: Suitability, path: Path | str) -> Path:
    """Write a suitability map.

    Parameters
    ----------
    suitability : Suitability
    path : path of the GeoTIFF
        It appears whole or not at all.

    Returns
    -------
    Path
        Band 1 `class` with a colour table, band 2 `binding`, the number of a rule; both uint16, 255 outside the area.
        The tags hold the classes (GISRISK_CLASSES) and the rules by number (GISRISK_RULES) as JSON, the proposal, the
        day, the rule set, the margin for the plane, and the rules that could not be evaluated.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    plain, draft = (target.with_name(f".{uuid.uuid4().hex}.tif") for _ in range(2))
    try:
        _write_plain(suitability, plain)
        rasterio.shutil.copy(
            plain, draft, driver="COG", compress="DEFLATE", predictor="YES", blocksize=512, bigtiff="IF_SAFER",
            overview_resampling="MODE", num_threads="ALL_CPUS",
        )  # fmt: skip
        with open(draft, "r+b") as file:
            _second_band_is_no_alpha(file)
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        for left in (plain, draft, Path(f"{plain}.aux.xml"), Path(f"{draft}.aux.xml")):
            left.unlink(missing_ok=True)
    return target


def tags(suitability: Suitability) -> dict[str, str]:
    """What the file says about itself."""
    proposal = suitability.proposal
    rules = {
        str(entry.number): {
            "id": entry.rule.id, "document": entry.rule.document, "document_no": entry.rule.document_no,
            "clause": entry.rule.clause, "title_zh": entry.rule.title_zh, "review": entry.rule.review,
            "mandatory": entry.rule.mandatory, "missing": list(entry.missing),
        }
        for entry in suitability.legend
    }  # fmt: skip
    classes = {str(code): {"zh": zh, "en": en, "colour": colour} for code, (zh, en, colour) in CLASSES.items()}
    asked = {"type": proposal.type, "name": proposal.name, "attributes": dict(proposal.attributes)} | {
        name: value
        for name in ("quantity_t", "radius_m", "half_side_m", "position_uncertainty_m")
        if (value := getattr(proposal, name))
    }
    return {
        "GISRISK_CLASSES": _json(classes),
        "GISRISK_RULES": _json(rules),
        "GISRISK_PROPOSAL": _json(asked),
        "GISRISK_ON": suitability.on.isoformat(),
        "GISRISK_RULE_SET": suitability.rule_set,
        "GISRISK_SCALE_EXCESS": f"{suitability.scale_excess:.3e}",
        "GISRISK_REACH_M": f"{suitability.reach_m:g}",
        "GISRISK_NOT_EVALUATED": _json([rule for rule, _, _ in suitability.not_evaluated]),
        "GISRISK_SYNTHETIC": "1" if suitability.synthetic else "0",
        "GISRISK_CODE_VERSION": code_version(),
    }


def _write_plain(suitability: Suitability, path: Path) -> None:
    rows, columns = suitability.grid.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=2, dtype="uint16", crs=suitability.crs,
        transform=suitability.transform, nodata=OUTSIDE, tiled=True, blockxsize=512, blockysize=512,
        compress="LZW", bigtiff="IF_SAFER",
    ) as out:  # fmt: skip
        out.write_colormap(1, {code: _rgba(colour, code) for code, (_, _, colour) in CLASSES.items()})
        out.set_band_description(1, "class")
        out.set_band_description(2, "binding")
        out.update_tags(**tags(suitability))
        for top in range(0, rows, _ROWS):
            window = Window(0, top, columns, min(_ROWS, rows - top))
            out.write(suitability.cells[top : top + _ROWS].astype("uint16"), 1, window=window)
            out.write(suitability.binding[top : top + _ROWS], 2, window=window)


def _rgba(colour: str, code: int) -> tuple[int, int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue, 0 if code == OUTSIDE else 255


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _second_band_is_no_alpha(file: BinaryIO) -> None:
    """Correct the meaning of the second band in every image of a TIFF, in place.

    Beside a colour table GDAL's COG driver calls a second band transparency, by which a viewer would hide the cells.
    """
    order = {b"II": "<", b"MM": ">"}[file.read(2)]
    (magic,) = struct.unpack(order + "H", file.read(2))
    big = magic == 43
    count_form, offset_form, entry_size, value_at = ("Q", "Q", 20, 12) if big else ("H", "I", 12, 8)
    file.seek(8 if big else 4)
    (directory,) = struct.unpack(order + offset_form, file.read(struct.calcsize(offset_form)))
    while directory:
        file.seek(directory)
        (entries,) = struct.unpack(order + count_form, file.read(struct.calcsize(count_form)))
        first = directory + struct.calcsize(count_form)
        for number in range(entries):
            file.seek(first + number * entry_size)
            (tag,) = struct.unpack(order + "H", file.read(2))
            if tag == _ALPHA_TAG:
                file.seek(first + number * entry_size + value_at)
                file.write(struct.pack(order + "H", 0))
        file.seek(first + entries * entry_size)
        (directory,) = struct.unpack(order + offset_form, file.read(struct.calcsize(offset_form)))
