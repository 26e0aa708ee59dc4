"""`gisrisk study`, `distances`, `hazards`: run the analysis and write what was asked for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from gisrisk.cli.console import json_option, progress, show_json, show_table
from gisrisk.cli.language import say
from gisrisk.cli.moment import as_of_option

EXIT_FINDINGS = 10

_area = click.option(
    "--area", help="Code of an administrative area or park, or a file with a polygon. Default: everything in the store."
)
_on = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day whose law applies; today by default.")
_as_of = as_of_option("the newest by default")
_fail = click.option("--fail-on-finding", is_flag=True, help="Exit with 10 when a distance is violated.")


def _run(area: str | None, on: datetime | None, as_of: datetime | None) -> Any:
    from gisrisk.store import open_store
    from gisrisk.study import run_study

    with open_store() as store, progress() as report:
        day: date | None = on.date() if on else None
        return run_study(area, on=day, as_of=as_of, store=store, progress=report)


def _run_and_shelve(area: str | None, on: datetime | None, as_of: datetime | None, out: Path | None) -> Any:
    """A study with its products where the server looks for them, and where the user asked for them."""
    from gisrisk import settings
    from gisrisk.products.shelf import copy_out, shelve

    result = _run(area, on, as_of)
    with progress() as report:
        folder = shelve(result, settings.data_dir(), progress=report)
    if out is not None:
        copy_out(folder, out)
    return result


def _end(study: Any, fail_on_finding: bool) -> None:
    if fail_on_finding and study.counts["violations"]:
        raise SystemExit(EXIT_FINDINGS)


@click.group()
def study() -> None:
    """研究: the whole story of one area on one day.

    Example: gisrisk study run --area 360702 --out out/
    """


@study.command("run")
@_area
@_on
@_as_of
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the products.")
@_fail
@json_option
def run(
    area: str | None,
    on: datetime | None,
    as_of: datetime | None,
    out: Path | None,
    fail_on_finding: bool,
    as_json: bool,
) -> None:
    """Run a study, keep it in the store, and write its products.

    Example: gisrisk study run --area 360702 --on 2026-11-25 --out out/
    """
    result = _run_and_shelve(area, on, as_of, out)
    if as_json:
        show_json(summary(result, out))
    else:
        show_summary(result, out)
    _end(result, fail_on_finding)


def summary(result: Any, out: Path | None) -> dict[str, Any]:
    """What one line of a log should hold about a study."""
    return {
        "study_id": result.study_id,
        "area": result.area,
        "area_name": result.area_name,
        "on": result.on,
        "as_of": result.as_of,
        "rule_set": result.rule_set,
        "method": result.method["id"],
        "input_sha256": result.input_sha256,
        "synthetic": result.synthetic,
        "counts": result.counts,
        "timings_s": result.timings_s,
        "out": out,
    }


def show_summary(result: Any, out: Path | None) -> None:
    """The study for a person: what was found, and where the products are."""
    rows = [(say(*_COUNT_LABELS.get(key, (key, key))), value) for key, value in result.counts.items()]
    title = f"{result.study_id} · {result.area_name} · {result.on}"
    if result.synthetic:
        title += say(" · 演示数据", " · synthetic demo data")
    show_table([say("内容", "what"), say("数量", "count")], rows, title=title)
    if out is not None:
        click.echo(say(f"成果已写入 {out}/", f"products written to {out}/"))


_COUNT_LABELS = {
    "enterprise_site": ("企业", "enterprise sites"),
    "hazard_source": ("危险源", "hazard sources"),
    "protected_target": ("防护目标", "protected targets"),
    "violations": ("防护距离不足（强制条款、已核实）", "distance violations (mandatory, confirmed)"),
    "violations_to_check": ("防护距离不足（条款待核或非强制）", "distance violations to check"),
    "hazards_undetermined": ("待定单元", "undetermined units"),
    "needs_survey": ("需实测", "needs survey"),
    "undetermined": ("无法判定", "undetermined"),
    "major_hazards": ("重大危险源", "major hazards"),
    "sites_red": ("红色企业", "red sites"),
    "sites_orange": ("橙色企业", "orange sites"),
    "sites_yellow": ("黄色企业", "yellow sites"),
    "sites_blue": ("蓝色企业", "blue sites"),
    "sites_undetermined": ("待定企业", "undetermined sites"),
}


@click.group()
def distances() -> None:
    """防护距离: every pair that is too close or cannot be decided.

    Example: gisrisk distances check --area 360702 --out findings.gpkg
    """


@distances.command("check")
@_area
@_on
@_as_of
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".gpkg, .geojson, .csv or .parquet"
)
@_fail
def check(area: str | None, on: datetime | None, as_of: datetime | None, out: Path, fail_on_finding: bool) -> None:
    """Check every protective distance and write the findings.

    Example: gisrisk distances check --out findings.csv --fail-on-finding
    """
    from gisrisk.products.tables import write_findings

    result = _run(area, on, as_of)
    write_findings(result, out)
    found, broken = len(result.findings), result.counts["violations"]
    click.echo(
        say(
            f"{found} 条结论已写入 {out}，其中防护距离不足（强制条款、已核实）{broken} 条",
            f"{found} findings written to {out}, {broken} of them violations of mandatory, confirmed clauses",
        )
    )
    _end(result, fail_on_finding)


@distances.command("ledger")
@_area
@_on
@_as_of
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv, .gpkg, .geojson or .parquet"
)
@click.option(
    "--relocation", type=click.Path(dir_okay=False, path_type=Path), help="Write the relocation ranking to this file."
)
@_fail
def ledger(
    area: str | None,
    on: datetime | None,
    as_of: datetime | None,
    out: Path,
    relocation: Path | None,
    fail_on_finding: bool,
) -> None:
    """Write what fails today: shortfall, people, since when, remedy; and whose move would clear most.

    Example: gisrisk distances ledger --area 360702 --out 台账.csv --relocation 搬迁.csv
    """
    from gisrisk.store import open_store
    from gisrisk.study import run_study
    from gisrisk.violations import existing_violations, write_frame

    with open_store() as store, progress() as report:
        result = run_study(area, on=on.date() if on else None, as_of=as_of, store=store, progress=report)
        found = existing_violations(result, store, progress=report)
    note = say("演示数据", "synthetic demo data") if found.synthetic else ""
    write_frame(found.ledger, out, name="violations", note=note)
    if relocation is not None:
        write_frame(found.relocation, relocation, name="relocation", note=note)
    yes = say("是", "yes")
    rows = [
        (r["rank"], r["site_name"], r["rows"], f"{r['people']:g}", yes if r["in_dense_area"] else "", r["parks"])
        for r in found.relocation.head(10).to_dict("records")
    ]
    headings = [
        "",
        say("企业", "enterprise"),
        say("可消除", "rows cleared"),
        say("人数", "people"),
        say("密集区", "dense area"),
        say("可接纳的园区", "parks with room"),
    ]
    count = len(found.ledger)
    show_table(headings, rows, title=say(f"{count} 条违规 · 搬迁排序", f"{count} violations · relocation ranking"))
    click.echo(say(f"台账已写入 {out}", f"ledger written to {out}"))
    _end(result, fail_on_finding)


@click.group()
def hazards() -> None:
    """重大危险源: identification and grading by GB 18218.

    Example: gisrisk hazards grade --out grades.csv
    """


@hazards.command("grade")
@_area
@_on
@_as_of
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv, .gpkg, .geojson or .parquet"
)
def grade(area: str | None, on: datetime | None, as_of: datetime | None, out: Path) -> None:
    """Identify and grade major hazards, one row per unit.

    Example: gisrisk hazards grade --area 360702 --out grades.csv
    """
    from gisrisk.products.tables import write_hazard_grades

    result = _run(area, on, as_of)
    write_hazard_grades(result, out)
    units, major = len(result.hazard_grades), result.counts["major_hazards"]
    click.echo(
        say(
            f"{units} 个单元已写入 {out}，其中重大危险源 {major} 个",
            f"{units} units written to {out}, {major} of them major hazards",
        )
    )
