"""All products of a study in one folder, complete or not there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from gisrisk.products import fonts, offline, tables
from gisrisk.products.mapsheet import park_sheet, region_sheet
from gisrisk.products.view import StudyLike, park_codes
from gisrisk.products.webmap import park_html, region_html

Progress = Callable[[str, int, int], None]
"""Called with what was finished, how many steps are done, and how many there are."""


def write_products(study: StudyLike, out: Path, *, progress: Progress | None = None) -> list[Path]:
    """Write every product of a study: tables, and a printed and a web map of each park and of the whole area.

    Parameters
    ----------
    study : Study
        A finished study.
    out : Path
        Folder. The files are made in a folder beside it and moved in when all are complete, `study.json` last;
        products of an earlier study that this one does not have are removed, other files stay.
    progress : callable, optional
        Called after every step with its name, the steps done and all steps.

    Returns
    -------
    list of Path
        The files, `study.json` last.

    Raises
    ------
    SetupIncomplete
        No Chinese font is installed, or Leaflet was not copied by the set-up; nothing was written.
    """
    fonts.cjk_family()
    offline.script_uri("leaflet", "dist", "leaflet.js")
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    steps = list(_steps(study))
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-half-", dir=out.parent) as half:
        folder = Path(half)
        for done, (name, step) in enumerate(steps, start=1):
            step(folder)
            if progress is not None:
                progress(name, done, len(steps))
        names = sorted(path.name for path in folder.iterdir() if path.name != "study.json")
        tables.write_study_json(study, folder / "study.json", names)
        _move_in(folder, out, names)
    return [out / name for name in (*names, "study.json")]


def _steps(study: StudyLike) -> list[tuple[str, Callable[[Path], object]]]:
    steps: list[tuple[str, Callable[[Path], object]]] = [("tables", lambda folder: tables.write_tables(study, folder))]
    for code in park_codes(study):
        stem = f"park_{code}"

        def sheet(folder: Path, code: str = code, stem: str = stem) -> None:
            park_sheet(study, code, folder / f"{stem}.pdf", folder / f"{stem}.png")
            park_html(study, code, folder / f"{stem}.html")

        steps.append((stem, sheet))

    def region(folder: Path) -> None:
        region_sheet(study, folder / "region_map.pdf", folder / "region_map.png")
        region_html(study, folder / "region_map.html")

    steps.append(("region_map", region))
    return steps


def _move_in(folder: Path, out: Path, names: list[str]) -> None:
    """Bring the finished files to their place; while they move there is no `study.json`, the mark of completeness."""
    out.mkdir(exist_ok=True)
    mark = out / "study.json"
    for stale in _earlier_files(mark) - set(names):
        (out / stale).unlink(missing_ok=True)
    mark.unlink(missing_ok=True)
    for name in (*names, "study.json"):
        os.replace(folder / name, out / name)


def _earlier_files(mark: Path) -> set[str]:
    """Names of the products of the study that was written here before; plain names only."""
    try:
        files = json.loads(mark.read_text(encoding="utf-8")).get("files", [])
    except (OSError, ValueError, AttributeError):
        return set()
    return {name for name in files if isinstance(name, str) and name == Path(name).name and name not in ("", ".", "..")}
