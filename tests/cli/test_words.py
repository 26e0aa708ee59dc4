"""What the command line says: whole texts at 100 columns, no shapes of the program, one reading of a day."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from gisrisk.cli import console
from gisrisk.cli.law import rules
from gisrisk.cli.moment import as_of_option
from gisrisk.cli.rule_words import rule_in_words
from gisrisk.cli.steps import step_in_words
from gisrisk.rules import load_rules
from gisrisk.study import STEPS

BOOK = load_rules()


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GISRISK_LANG", request.param)
    return str(request.param)


def test_a_long_cell_goes_on_in_the_next_line_and_brackets_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(width=100, force_terminal=True, color_system=None, record=True, highlight=False)
    monkeypatch.setattr(console, "OUT", narrow)
    path = "/".join(f"folder{number}" for number in range(30))
    console.show_table(["name", "value"], [("distance [m]", path)])
    shown = narrow.export_text()
    assert "distance [m]" in shown
    assert (
        path
        in "".join(shown.replace("distance [m]", "").replace("name", "").replace("value", "").split())[-len(path) :]
    )
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_is_told_without_shapes_of_the_program(rule: object, language: str) -> None:
    told = rule_in_words(rule, datetime(2026, 11, 25).date())
    text = "\n".join(f"{label} {value}" for label, value in told)
    assert not any(shape in text for shape in ("datetime", "{'", "('", "()", "{}", "Modifier("))
    assert not {"None", "True", "False"} & {value for _, value in told}
    assert rule.id in text and rule.clause in text  # type: ignore[attr-defined]


def test_a_figure_that_grows_with_the_pole_is_told_as_a_product() -> None:
    # GB 50016 table 10.2.1: 1.5 times the height of the pole
    told = dict(rule_in_words(BOOK.rule("GB50016-10.2.1-hazard_above_ground"), datetime(2026, 11, 25).date()))
    assert told["要求"].startswith("1.5 × ") and "tower_height_m" in told["要求"]


def test_the_command_shows_the_rule() -> None:
    shown = CliRunner().invoke(rules, ["show", "GLTL-18a"])
    assert shown.exit_code == 0
    assert "第十八条" in shown.output and "100 m" in shown.output


def test_every_step_of_a_study_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISRISK_LANG", "en")
    steps = [*STEPS.values(), "生成演示区", "导入企业", "tables", "park_P1", "region_map"]
    assert all(step_in_words(step).isascii() and step_in_words(step) != step for step in steps)
    assert step_in_words("something new") == "something new"


@pytest.mark.parametrize(
    ("text", "moment"),
    [  # China time is UTC + 8 h: the day ends at 16:00 UTC
        ("2026-11-01", datetime(2026, 11, 1, 15, 59, 59, 999999, tzinfo=UTC)),
        ("2026-11-01T08:30", datetime(2026, 11, 1, 0, 30, tzinfo=UTC)),
        ("2026-11-01T08:30:00+00:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_day_means_its_end_in_china(text: str, moment: datetime) -> None:
    seen: list[datetime | None] = []

    @click.command()
    @as_of_option("now")
    def command(as_of: datetime | None) -> None:
        seen.append(as_of)

    assert CliRunner().invoke(command, ["--as-of", text]).exit_code == 0
    assert seen == [moment]
    assert CliRunner().invoke(command, ["--as-of", "yesterday"]).exit_code == 2
