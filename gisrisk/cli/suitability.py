"""`gisrisk siting suitability`: where in an area a use could stand, as a map with the binding rule of every cell."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from gisrisk.cli.console import json_option, progress, show_json, show_table
from gisrisk.cli.language import say
from gisrisk.cli.moment import as_of_option

_SHOWN_RULES = 12


@click.command("suitability")
@click.argument("proposal", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--area", required=True, help="Code of an administrative area or park, or a file with a polygon.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The map, a .tif file.")
@click.option(
    "--cell", "cell_m", type=click.FloatRange(1, 1000), default=10.0, show_default=True, help="Cell side [m]."
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day whose law applies; today by default.")
@as_of_option("the newest by default")
@json_option
def suitability(
    proposal: Path, area: str, out: Path, cell_m: float, on: datetime | None, as_of: datetime | None, as_json: bool
) -> None:
    """选址适宜性: which cells of an area admit a use, and the clause that binds each other cell.

    PROPOSAL is a JSON file with the type, attributes and footprint of the use.

    Example: gisrisk siting suitability school.json --area 360702 --out school.tif
    """
    from gisrisk.analysis.suitability import suitability as judge
    from gisrisk.analysis.suitability_proposal import read_proposal
    from gisrisk.products.suitability_raster import write_cog
    from gisrisk.rules import load_rules
    from gisrisk.store import open_store
    from gisrisk.study import EDGE_MARGIN_M
    from gisrisk.study_inputs import read_inputs, resolve_area

    if out.suffix.lower() not in (".tif", ".tiff"):
        raise click.BadParameter(f"{out.name} is no .tif file", param_hint="--out")
    wanted, book = read_proposal(proposal), load_rules()
    day: date = on.date() if on else date.today()
    with open_store() as store, progress() as report:
        report(say("读取图层", "read the layers"), 0, 3)
        place = resolve_area(area, store)
        moment = as_of if as_of is not None else store.last_recorded_at()
        footprint_m = wanted.radius_m + 2 * wanted.half_side_m
        inputs = read_inputs(store, place, as_of=moment, reach_m=book.reach_m(day) + EDGE_MARGIN_M + footprint_m)
    assert place.geometry is not None  # a code, or a file with a polygon
    with progress() as report:
        report(say("逐格判定", "judge every cell"), 1, 3)
        result = judge(book, inputs.frames, wanted, place.geometry, on=day, cell_m=cell_m)
        report(say("写出地图", "write the map"), 2, 3)
        write_cog(result, out)
    if as_json:
        show_json(summary(result, area=place.code, area_name=place.name, as_of=moment, out=out))
    else:
        _show(result, place.name, out)


def summary(result: Any, **more: Any) -> dict[str, Any]:
    """What a log or another program should know about a suitability map."""
    from gisrisk.products.suitability_raster import CLASSES

    counts = result.counts()
    return more | {
        "type": result.proposal.type,
        "on": result.on,
        "rule_set": result.rule_set,
        "crs": result.crs.to_string() if result.crs.to_epsg() is None else f"EPSG:{result.crs.to_epsg()}",
        "cell_m": result.grid.cell_m,
        "cells": {CLASSES[code][1]: count for code, count in counts.items()},
        "bound_cells": {rule: count for rule, count in result.bound_cells().items() if count},
        "missing": {entry.rule.id: list(entry.missing) for entry in result.legend if entry.missing},
        "scale_excess": result.scale_excess,
        "reach_m": result.reach_m,
        "not_evaluated": [rule for rule, _, _ in result.not_evaluated],
        "synthetic": result.synthetic,
    }


def _show(result: Any, area_name: str, out: Path) -> None:
    from gisrisk.analysis.suitability import OUTSIDE
    from gisrisk.products.suitability_raster import CLASSES

    counts, hectares = result.counts(), result.grid.cell_m**2 / 10_000
    title = f"{result.proposal.name} · {result.proposal.type} · {area_name} · {result.on}"
    if result.synthetic:
        title += say(" · 演示数据", " · synthetic demo data")
    rows = [
        (say(zh, en), counts[code], f"{counts[code] * hectares:.1f}")
        for code, (zh, en, _) in CLASSES.items()
        if code != OUTSIDE
    ]
    show_table([say("类别", "class"), say("格数", "cells"), say("公顷", "ha")], rows, title=title)
    entries = {entry.rule.id: entry for entry in result.legend}
    bound = [
        (rule, entries[rule].rule.document_no, entries[rule].rule.clause, count, "; ".join(entries[rule].missing))
        for rule, count in list(result.bound_cells().items())[:_SHOWN_RULES]
        if count
    ]
    heads = [
        say("条款", "rule"),
        say("文件", "document"),
        say("条文", "clause"),
        say("格数", "cells"),
        say("缺", "missing"),
    ]
    if bound:
        show_table(heads, bound, title=say("起控制作用的条款", "binding rules"))
    if result.not_evaluated:
        click.echo(
            say(
                f"{len(result.not_evaluated)} 项条款或缺口未能判定，不在图中（见文件标签）。",
                f"{len(result.not_evaluated)} rules or gaps could not be evaluated: not on the map (see its tags).",
            )
        )
    click.echo(say(f"地图已写入 {out}", f"map written to {out}"))
