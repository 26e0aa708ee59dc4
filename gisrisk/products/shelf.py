"""Where finished studies stand: one folder of products per study, from which the server hands them out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gisrisk.products.view import StudyLike
from gisrisk.products.write import write_products

MARK = "study.json"  # written last, so a folder that has it is complete


def shelf(data_dir: Path, study_id: str) -> Path:
    """Folder of a study's products; it need not exist."""
    return data_dir / "products" / study_id


def shelve(study: StudyLike, data_dir: Path, *, progress: Callable[[str, int, int], None] | None = None) -> Path:
    """Write a study's products to its place unless they stand there already; returns the folder.

    A study's id covers its inputs, its parameters and the code, so products under the same id are the same.
    """
    folder = shelf(data_dir, study.study_id)
    if not (folder / MARK).is_file():
        write_products(study, folder, progress=progress)
    return folder


def copy_out(folder: Path, out: Path) -> None:
    """Copy the products of one study to a folder of the user's; the mark of completeness comes last."""
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).unlink(missing_ok=True)
    for path in sorted(folder.iterdir(), key=lambda p: (p.name == MARK, p.name)):
        shutil.copyfile(path, out / path.name)
