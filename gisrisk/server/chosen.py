"""Which study this request speaks about: the one named by `?study=`, else the newest."""

from __future__ import annotations

from typing import Any

from flask import request

from gisrisk.errors import UnknownName
from gisrisk.server.present import method_name
from gisrisk.server.results import Results, find_study
from gisrisk.server.state import state


def chosen_study() -> Results | None:
    """The study of this request; None when the store holds none yet.

    Raises
    ------
    UnknownName
        `?study=` names a study that does not exist.
    """
    engine = state().store.engine
    study = find_study(engine, request.args.get("study") or None)
    return None if study is None else Results(engine, study)


def required_study() -> Results:
    """The study of this request, which must exist.

    Raises
    ------
    UnknownName
        There is no such study, or none at all.
    """
    found = chosen_study()
    if found is None:
        raise UnknownName("study", "latest")
    return found


def page_context(results: Results | None) -> dict[str, Any]:
    """What the frame of every page shows: study line, parks menu, demo banner; links keep a pinned study."""
    return {
        "results": results,
        "study": results.study if results else None,
        "study_method": method_name(results.study["method"]) if results else "",
        "parks": results.regions("park") if results else [],
        "keep": {"study": results.study_id} if results and request.args.get("study") else {},
    }
