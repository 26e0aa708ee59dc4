"""`gisrisk rules`: list, show and check the law as data."""

from __future__ import annotations

from datetime import date

import click

from gisrisk.chinatime import today
from gisrisk.cli.console import json_option, show_json, show_table
from gisrisk.cli.language import say
from gisrisk.cli.rule_words import review_word, rule_in_words


@click.group()
def rules() -> None:
    """法规条款: the distances in force, their clauses and their review state.

    Example: gisrisk rules list --on 2026-11-25
    """


@rules.command("list")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="Day on which the rules must be in force; today by default."
)
@click.option("--document", help="Only documents whose number or title contains this text.")
@json_option
def list_rules(on: date | None, document: str | None, as_json: bool) -> None:
    """Rules in force on a day.

    Example: gisrisk rules list --document 50016
    """
    from gisrisk.rules import load_rules

    book = load_rules()
    day = _day(on)
    found = [r for r in book.in_force(on=day) if not document or document in r.document_no or document in r.document]
    if as_json:
        show_json({"rule_set": book.version, "on": day, "rules": [_facts(r, day) for r in found]})
        return
    rows = [
        (
            r.id,
            r.document_no,
            r.clause,
            r.title_zh,
            "" if r.required_m(day) is None else f"{r.required_m(day):g}",
            review_word(r.review),
        )
        for r in found
    ]
    show_table(
        ["id", say("文件", "document"), say("条款", "clause"), say("内容", "content"), "m", say("核对", "review")],
        rows,
        title=say(
            f"规则集 {book.version} · {day} 施行 · {len(found)} 条",
            f"rule set {book.version} · in force on {day} · {len(found)} rules",
        ),
    )


@rules.command()
@click.argument("rule_id")
@json_option
def show(rule_id: str, as_json: bool) -> None:
    """One rule with its clause, dates, evidence and review state.

    Example: gisrisk rules show GLTL-18a
    """
    from gisrisk.rules import load_rules

    rule = load_rules().rule(rule_id)
    if as_json:
        show_json(_facts(rule, today()))
    else:
        show_table(["", ""], rule_in_words(rule, today()))


@rules.command()
@json_option
def check(as_json: bool) -> None:
    """Validate every file in data/rules; exit 3 if one is wrong.

    Example: gisrisk rules check
    """
    from gisrisk.rules import check_rules, load_rules

    problems = check_rules()
    if as_json:
        show_json({"problems": problems})
    elif problems:
        for problem in problems:
            click.echo(problem)
    else:
        book = load_rules()
        click.echo(
            say(
                f"规则集 {book.version}：{len(book.rules)} 条，全部有效。",
                f"rule set {book.version}: {len(book.rules)} rules, all valid",
            )
        )
    if problems:
        raise SystemExit(3)


def _day(on: object) -> date:
    return on.date() if hasattr(on, "date") else today()


def _facts(rule: object, day: date) -> dict[str, object]:
    from dataclasses import asdict, is_dataclass

    facts = asdict(rule) if is_dataclass(rule) and not isinstance(rule, type) else dict(vars(rule))
    facts["required_m_today"] = rule.required_m(day)  # type: ignore[attr-defined]
    return facts
