"""A whole land-use plan in one run: every plot judged, every failing clause a line, and a broken run taken up again.

Beside the ledger lies a journal with one line for each plot that is done. It begins with what the run depends on; a run
with the same question goes on after its last line, any other begins anew.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gisrisk._version import code_version
from gisrisk.analysis.siting.proposal import Proposal, from_frame, open_frame
from gisrisk.analysis.siting.verdict import Effect
from gisrisk.errors import InputRefused
from gisrisk.siting import Desk, Verdict

COLUMNS = [
    "plot", "verdict", "effect", "rule_id", "document", "document_no", "clause", "title_zh", "review", "mandatory",
    "status", "source_layer", "source_code", "source_name", "target_layer", "target_code", "target_name", "required_m",
    "measured_m", "shortfall_m", "overlap_m2", "people", "missing", "condition_zh", "reference",
]  # fmt: skip
REFUSED = "refused"
_ORDER = {REFUSED: -1, **{effect.word: -int(effect) + 10 for effect in Effect}}

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What a batch came to: plots by verdict (and `refused`), how many were taken from an earlier run, and the file."""

    plots: int
    counts: dict[str, int]
    taken_up: int
    ledger: Path


def check_plots(
    path: str | Path,
    out: Path,
    *,
    desk: Desk,
    as_layer: str | None = None,
    crs: str | None = None,
    progress: Progress | None = None,
) -> BatchSummary:
    """Judge every plot of a file and write a ledger of plot x failing clause.

    Parameters
    ----------
    path : file
        As for one proposal. The property `plot` says which features belong together; without it every feature is a
        plot, except that sources go with the site they name and stocks with their source.
    out : Path
        CSV, sorted by verdict (refused first, then veto ...), plot and weight. A clear plot has one line, too.

    Raises
    ------
    InputRefused
        The file itself cannot be read. A plot that is not fit to be judged is a line of the ledger, not an error.
    """
    frame, name, sha256 = open_frame(path, crs)
    plots = list(_plots(frame, as_layer))
    question = {
        "file_sha256": sha256, "as_layer": as_layer, "crs": crs, "on": desk.on.isoformat(),
        "as_of": None if desk.as_of is None else desk.as_of.isoformat(), "rule_set": desk.law.book.version,
        "code_version": code_version(),
    }  # fmt: skip
    journal = out.with_name(out.name + ".journal")
    done = _taken_up(journal, question)
    taken_up = len(done)
    journal.parent.mkdir(parents=True, exist_ok=True)
    with journal.open("w", encoding="utf-8") as lines:  # anew, so that a half-written last line goes
        print(json.dumps(question, sort_keys=True), file=lines)
        for plot, finished in done.items():
            print(json.dumps({"plot": plot, "rows": finished}, ensure_ascii=False), file=lines)
        lines.flush()
        for number, (plot, rows) in enumerate(plots):
            if progress is not None:
                progress("判定地块", number, len(plots))
            if plot in done:
                continue
            done[plot] = _rows(plot, frame.iloc[rows], name, desk, as_layer, crs, rows)
            print(json.dumps({"plot": plot, "rows": done[plot]}, ensure_ascii=False), file=lines, flush=True)
    counts: dict[str, int] = {}
    for plot, _ in plots:
        word = done[plot][0]["verdict"]
        counts[word] = counts.get(word, 0) + 1
    _write(out, [row for plot, _ in plots for row in done[plot]])
    journal.unlink()
    return BatchSummary(len(plots), dict(sorted(counts.items(), key=lambda c: _ORDER[c[0]])), taken_up, out)


def _plots(frame: gpd.GeoDataFrame, as_layer: str | None) -> Iterator[tuple[str, list[int]]]:
    """Plot names with the positions of their features, in the order of the file."""
    groups: dict[str, list[int]] = {}
    owner: dict[tuple[str, str], str] = {}
    records = frame.drop(columns=frame.geometry.name).to_dict("records")
    for row, cells in enumerate(records):
        layer = str(_cell(cells, "layer") or as_layer or "")
        parent = {"hazard_source": ("enterprise_site", "site_code"), "inventory": ("hazard_source", "source_code")}
        plot = _cell(cells, "plot")
        if plot is None and layer in parent:
            above, column = parent[layer]
            plot = owner.get((above, str(_cell(cells, column))))
        if plot is None:
            plot = str(_cell(cells, "code") or row + 1)
            plot = plot if plot not in groups else f"{plot}#{row + 1}"
        groups.setdefault(str(plot), []).append(row)
        if (code := _cell(cells, "code")) is not None:
            owner[layer, str(code)] = str(plot)
    yield from groups.items()


def _cell(cells: dict[Any, Any], name: str) -> Any:
    value = cells.get(name)
    return None if value is None or value == "" or (not isinstance(value, list | dict) and pd.isna(value)) else value


def _rows(
    plot: str, part: gpd.GeoDataFrame, name: str, desk: Desk, as_layer: str | None, crs: str | None, rows: list[int]
) -> list[dict[str, Any]]:
    """Lines of one plot."""
    try:
        asked: Proposal = from_frame(
            part.reset_index(drop=True), name=f"{name} [{plot}]", as_layer=as_layer, crs=crs, rows=rows
        )
        verdict = desk.judge(asked, alternatives=False)
    except InputRefused as refusal:
        reason = "; ".join(str(problem) for problem in refusal.problems)
        return [dict.fromkeys(COLUMNS) | {"plot": plot, "verdict": REFUSED, "condition_zh": reason}]
    return _lines(plot, verdict)


def _lines(plot: str, verdict: Verdict) -> list[dict[str, Any]]:
    head = {"plot": plot, "verdict": verdict.verdict, "reference": verdict.reference}
    reasons = verdict.to_json()["reasons"]
    lines = [{name: reason.get(name) for name in COLUMNS} | head for reason in reasons]
    gaps = "; ".join(m["label_zh"] for m in verdict.missing if m["findings"] == 0)
    if gaps or not lines:
        lines.append(dict.fromkeys(COLUMNS) | head | {"missing": gaps or None})
    return lines


def _taken_up(journal: Path, question: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Plots that an earlier run with the same question has finished; a half-written last line is left out."""
    if not journal.exists():
        return {}
    with journal.open(encoding="utf-8") as lines:
        try:
            if json.loads(lines.readline()) != question:
                return {}
        except ValueError:
            return {}
        done: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            with contextlib.suppress(ValueError, KeyError):
                entry = json.loads(line)
                done[entry["plot"]] = entry["rows"]
    return done


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    """The ledger, whole or not at all."""
    weight = {effect.word: -int(effect) for effect in Effect}

    def order(row: Mapping[str, Any]) -> tuple[Any, ...]:
        short = row["shortfall_m"] or 0.0
        return _ORDER[row["verdict"]], row["plot"], weight.get(row["effect"], 1), -short, row["rule_id"] or ""

    half = out.with_name(f".half-{os.getpid()}-{out.name}")
    try:
        with half.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(sorted(rows, key=order))
        os.replace(half, out)
    finally:
        half.unlink(missing_ok=True)
