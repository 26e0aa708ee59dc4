"""`gisrisk siting`: may this stand here? One proposal, a filed one again, or a whole plan."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gisrisk.cli.console import json_option, progress, show_json, show_table
from gisrisk.cli.language import say
from gisrisk.cli.moment import as_of_option
from gisrisk.cli.suitability import suitability

EXIT_FINDINGS = 10
_SHOWN = 12

_on = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day whose law applies; today by default.")
_as_of = as_of_option("the newest by default")
_as_layer = click.option("--as", "as_layer", metavar="LAYER", help="Layer of features that name none.")
_crs = click.option("--crs", help="CRS of the file's coordinates, for example EPSG:4547. Needed where it names none.")


@click.group()
def siting() -> None:
    """选址: judge a proposal against everything around it.

    Example: gisrisk siting check 项目.geojson
    """


@siting.command()
@click.argument("proposal")
@_as_layer
@_crs
@_on
@_as_of
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the verdict to this JSON file.")
@click.option("--no-alternatives", is_flag=True, help="Only the verdict, not what would pass instead.")
@click.option("--no-save", is_flag=True, help="Do not file the verdict in the store.")
@click.option("--fail-on-finding", is_flag=True, help="Exit with 10 when the verdict is a veto.")
@json_option
def check(
    proposal: str,
    as_layer: str | None,
    crs: str | None,
    on: datetime | None,
    as_of: datetime | None,
    out: Path | None,
    no_alternatives: bool,
    no_save: bool,
    fail_on_finding: bool,
    as_json: bool,
) -> None:
    """Judge one proposal: a plant, a school, a road, a park; new or changed.

    Each feature of the file names its layer in the property `layer`.

    Example: gisrisk siting check 新建学校.geojson --as protected_target --out verdict.json
    """
    from gisrisk.siting import check_site
    from gisrisk.store import open_store

    with open_store() as store, progress() as report:
        verdict = check_site(
            proposal, store=store, on=on.date() if on else None, as_of=as_of, alternatives=not no_alternatives,
            save=not no_save, as_layer=as_layer, crs=crs, progress=report,
        )  # fmt: skip
    document = verdict.to_json()
    if out is not None:
        _write_json(document, out)
    if as_json:
        show_json(document)
    else:
        show_verdict(document)
        if out is not None:
            click.echo(say(f"结论已写入 {out}", f"verdict written to {out}"))
    if fail_on_finding and verdict.verdict == "veto":
        raise SystemExit(EXIT_FINDINGS)


@siting.command()
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """A filed verdict, as it was answered.

    Example: gisrisk siting show X20261125-2629fb127a
    """
    from gisrisk.siting import saved_verdict
    from gisrisk.store import open_store

    with open_store() as store:
        document = saved_verdict(reference, store=store)
    show_json(document) if as_json else show_verdict(document)


@siting.command("list")
@json_option
def list_verdicts(as_json: bool) -> None:
    """The verdicts filed last.

    Example: gisrisk siting list
    """
    from gisrisk.analysis.siting.verdict import WORDS_EN, WORDS_ZH
    from gisrisk.store import open_store

    with open_store() as store:
        rows = store.verdicts()
    if as_json:
        show_json(rows)
        return
    words = say("zh", "en")
    names = WORDS_ZH if words == "zh" else WORDS_EN
    show_table(
        [
            say("编号", "reference"),
            say("项目", "name"),
            say("结论", "verdict"),
            say("适用日", "on"),
            say("归档", "filed"),
        ],
        [
            (r["reference"], r["name"], names[r["verdict"]], r["on_day"], f"{r['created_at']:%Y-%m-%d %H:%M}")
            for r in rows
        ],
    )


@siting.command()
@click.argument("reference")
@json_option
def compare(reference: str, as_json: bool) -> None:
    """A filed verdict beside what today's data and law say.

    Example: gisrisk siting compare X20261125-2629fb127a
    """
    from gisrisk.siting import compare as compare_with_today
    from gisrisk.store import open_store

    with open_store() as store:
        found = compare_with_today(reference, store=store)
    if as_json:
        show_json(found)
        return
    labels = {
        "verdict": ("结论", "verdict"), "on": ("适用日", "law of"), "as_of": ("数据截至", "data as of"),
        "rule_set": ("规则集", "rule set"), "code_version": ("程序版本", "code version"),
        "reference": ("编号", "reference"),
    }  # fmt: skip
    rows = [(say(*labels[k]), found["then"][k], found["now"][k]) for k in labels]
    show_table(["", say("归档时", "then"), say("现在", "now")], rows)
    for key, words in (("added", ("新增", "added")), ("gone", ("消失", "gone"))):
        if found[key]:
            show_table(_headings(), _reasons(found[key]), title=say(*words))
    if found["changed"]:
        show_table(_headings(), _reasons([p["now"] for p in found["changed"]]), title=say("变化", "changed"))
    if found["same"]:
        click.echo(say("没有变化。", "nothing has changed"))


@siting.command()
@click.argument("file")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Ledger, a CSV file.")
@_as_layer
@_crs
@_on
@_as_of
@json_option
def batch(
    file: str,
    out: Path,
    as_layer: str | None,
    crs: str | None,
    on: datetime | None,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Judge every plot of a plan and write one line for each plot and failing clause.

    The property `plot` says which features belong together. A run that was broken off goes on where it stopped.

    Example: gisrisk siting batch 规划地块.gpkg --as protected_target --out 台账.csv
    """
    from gisrisk.siting import Desk
    from gisrisk.siting_batch import check_plots
    from gisrisk.store import open_store

    with open_store() as store, progress() as report:
        desk = Desk(store, on=on.date() if on else None, as_of=as_of)
        done = check_plots(file, out, desk=desk, as_layer=as_layer, crs=crs, progress=report)
    if as_json:
        show_json({"plots": done.plots, "counts": done.counts, "taken_up": done.taken_up, "out": done.ledger})
        return
    words = {"refused": ("不可判（输入有误）", "refused")} | _verdict_words()
    show_table(
        [say("结论", "verdict"), say("地块数", "plots")],
        [(say(*words[k]), count) for k, count in done.counts.items()],
        title=say(f"{done.plots} 个地块", f"{done.plots} plots"),
    )
    if done.taken_up:
        click.echo(
            say(f"其中 {done.taken_up} 个取自中断的上一次运行", f"{done.taken_up} taken from the run broken off")
        )
    click.echo(say(f"台账已写入 {out}", f"ledger written to {out}"))


# --- in words ---------------------------------------------------------------------------------------------------------


def _verdict_words() -> dict[str, tuple[str, str]]:
    from gisrisk.analysis.siting.verdict import WORDS_EN, WORDS_ZH

    return {word: (WORDS_ZH[word], WORDS_EN[word]) for word in WORDS_ZH}


def show_verdict(document: dict[str, Any]) -> None:
    """A verdict for a person."""
    demo = say(" · 演示数据", " · synthetic demo data") if document["synthetic"] else ""
    word = say(document["verdict_zh"], document["verdict_en"])
    title = f"{document['reference']} · {document['name']} · {document['on']} · {word}{demo}"
    if document["reasons"]:
        show_table(_headings(), _reasons(document["reasons"]), title=title)
        left = len(document["reasons"]) - _SHOWN
        if left > 0:
            click.echo(say(f"……另有 {left} 条，见 --json", f"... and {left} more, see --json"))
    else:
        click.echo(title)
    people = document["affected"]
    if people["places"]:
        unknown = people["places_without_number"]
        more = say(f"，另有 {unknown} 处人数未知", f", and {unknown} places of unknown number") if unknown else ""
        click.echo(say(f"影响人数 {people['people']:g}{more}", f"people affected: {people['people']:g}{more}"))
        names = "、".join(place["name"] for place in people["sensitive_places"])
        if names:
            click.echo(say(f"敏感场所：{names}", f"sensitive places: {names}"))
    for gap in document["missing"]:
        could = gap["could_change_verdict"]
        tail = say("（可能改变结论）", " (could change the verdict)") if could else ""
        click.echo(say(f"缺：{gap['label_zh']}{tail}", f"missing: {gap['label_en']}{tail}"))
    if document["existing"]:
        count = len(document["existing"])
        click.echo(
            say(
                f"原已存在、未因本项目加重的问题 {count} 条，不计入结论",
                f"{count} findings stood before and do not count",
            )
        )
    for number, other in enumerate(document["alternatives"], start=1):
        click.echo(say(f"可行方案 {number}：{other['zh']}", f"alternative {number}: {other['en']}"))
    if document["verdict"] == "clear":
        count = len(document["not_evaluated"])
        click.echo(
            say(
                f"“未见障碍”只指已判定的条款；另有 {count} 条未能判定（见 --json 的 not_evaluated）",
                f"clear speaks of what was evaluated; {count} clauses were not (not_evaluated in --json)",
            )
        )


def _headings() -> list[str]:
    return [
        say("作用", "effect"), say("条款", "clause"), say("对象", "between"), say("要求 m", "required m"),
        say("实测 m", "measured m"), say("说明", "what to do"),
    ]  # fmt: skip


def _reasons(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    words = _verdict_words()
    return [
        (
            say(*words[row["effect"]]),
            f"{row['document_no']} {row['clause']}",
            f"{row['source_name'] or row['source_code']} → {row['target_name'] or row['target_code'] or '—'}",
            "" if row["required_m"] is None else f"{row['required_m']:g}",
            "" if row["measured_m"] is None else f"{row['measured_m']:.1f}",
            say(row["condition_zh"], row["condition_en"]),
        )
        for row in rows[:_SHOWN]
    ]


def _write_json(document: dict[str, Any], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


siting.add_command(suitability)
