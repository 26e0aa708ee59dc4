"""Where the shipped files are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from gisrisk.errors import SetupIncomplete

_PACKAGE = Path(__file__).resolve().parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, for example `shipped("layers")` or `shipped("data", "rules")`.

    A checkout has `layers/`, `web/` and `data/` beside the package; a wheel carries the same tree in
    `gisrisk/_shipped/` (see `force-include` in pyproject.toml).

    Raises
    ------
    SetupIncomplete
        Neither place has it.
    """
    for root in (_PACKAGE.parent, _PACKAGE / "_shipped"):
        candidate = root.joinpath(*parts)
        if candidate.exists() and (root / "layers").is_dir():
            return candidate
    raise SetupIncomplete(
        f"'{'/'.join(parts)}' is missing from this installation. "
        "In a checkout run 'make setup'; otherwise install gisrisk again."
    )
