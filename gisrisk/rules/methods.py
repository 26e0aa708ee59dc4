"""Declared methods (`data/rules/methods/*.yaml`): how levels are found and drawn, each under a name the map shows."""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import RuleDataError, UnknownName
from gisrisk.paths import shipped


def load_method(method_id: str) -> dict[str, Any]:
    """One declared method.

    Parameters
    ----------
    method_id : str
        Name of the file without its ending, for example "enterprise_matrix".

    Returns
    -------
    dict
        The content of the file: id, kind, name_zh, name_en and the figures of its kind. A copy that the caller owns.

    Raises
    ------
    UnknownName
        There is no such method.
    RuleDataError
        The file does not fit `data/rules/schema/method.schema.json`, or its id is not its file name.
    """
    folder = shipped("data", "rules", "methods")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if method_id not in known:
        raise UnknownName("method", method_id, known)
    return copy.deepcopy(_checked(folder / f"{method_id}.yaml"))


@lru_cache(maxsize=32)
def _checked(path: Path) -> dict[str, Any]:
    return read_method(path)


def read_method(path: Path) -> dict[str, Any]:
    """Read and check one method file; see `load_method`."""
    content = read_yaml(path, error=RuleDataError)
    schema = json.loads(shipped("data", "rules", "schema", "method.schema.json").read_text(encoding="utf-8"))
    as_json = json.loads(json.dumps(content, default=str))  # YAML dates are date objects; the schema speaks of text
    for problem in jsonschema.Draft202012Validator(schema).iter_errors(as_json):
        place = "/".join(map(str, problem.absolute_path)) or "top level"
        raise RuleDataError(f"{path.name}, {place}: {problem.message}. Correct it there.")
    if content["id"] != path.stem:
        raise RuleDataError(f"{path.name}: id is '{content['id']}'. Make it the name of the file.")
    if content["kind"] == "site_matrix":
        _check_bands(content["bands"], path.name)
    return content


def _check_bands(bands: list[dict[str, Any]], file: str) -> None:
    """Worst level first, and every product of two steps 1..5 has a level."""
    if [row["level"] for row in bands] != [1, 2, 3, 4]:
        raise RuleDataError(f"{file}, bands: levels must be 1, 2, 3, 4 in this order. Reorder them.")
    minima = [row["score_min"] for row in bands]
    if minima != sorted(set(minima), reverse=True) or minima[-1] > 1:
        raise RuleDataError(f"{file}, bands: score_min must fall from row to row and end at 1; found {minima}.")
