"""The committed rules are what the tool makes of the fact files, and say what the fact files say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gisrisk.rules import RuleBook

DOCUMENTS = {
    "gb50016": "GB 50016-2014(2018年版)",
    "gb50074": "GB 50074-2014",
    "pipeline_protection_act_2010": "主席令第30号(2010)",
    "highway_safety_regulation_593": "国务院令第593号",
    "highway_act_2017": "2017年修正",
    "railway_safety_regulation_639": "国务院令第639号",
    "yangtze_protection_law_65": "主席令第65号",
}


@pytest.fixture(scope="module")
def facts(shared_dir: Path) -> list[dict[str, Any]]:
    path = shared_dir / "standards" / "safety_distances.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["rules"]
    return rows


def test_the_committed_files_are_what_the_tool_makes(shared_dir: Path, project_root: Path, tmp_path: Path) -> None:
    tool = project_root / "tools" / "facts_to_rules.py"
    subprocess.run([sys.executable, str(tool), str(shared_dir / "standards"), str(tmp_path)], check=True)
    made = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*.yaml")}
    assert len(made) == len(DOCUMENTS) + 1
    for name, content in made.items():
        assert (project_root / "data" / "rules" / name).read_bytes() == content, (
            f"{name} differs from the tool's output"
        )


def test_ids_order_figures_and_evidence_are_those_of_the_facts(facts: list[dict[str, Any]], book: RuleBook) -> None:
    for slug, number in DOCUMENTS.items():
        own = [r for r in facts if r["document_no"] == number and r["status"] == "in_force" and r["confirmed"]]
        if slug == "highway_act_2017":
            own = [r for r in own if r["document"] == "中华人民共和国公路法"]
        rules = [r for r in book.rules if r.instrument == slug and r.id != "GLTL-17a-township"]
        assert [r.id for r in rules] == [row["id"] for row in own]
        for rule, row in zip(rules, own, strict=True):
            figure = rule.distances[0][1] if rule.distances else None
            assert figure == row["required_distance_m"], rule.id
            assert (rule.measured_from, rule.measured_to) == (row["measured_from"], row["measured_to"])
            assert (rule.clause, rule.type, rule.direction) == (row["clause"], row["rule_type"], row["direction"])
            assert (rule.source_url, rule.confirm_scope) == (row["source_url"], row["confirm_scope"])


def test_every_document_of_the_facts_can_be_converted(shared_dir: Path, project_root: Path, tmp_path: Path) -> None:
    """The tool is ready for the other documents: one with an if_missing, one with an also, one with two classes."""
    tool = project_root / "tools" / "facts_to_rules.py"
    wanted = ["GB55037", "GB50156", "WHTL591", "THTL604", "DLXZ8"]
    arguments = [part for code in wanted for part in ("--document", code)]
    subprocess.run(
        [sys.executable, str(tool), str(shared_dir / "standards"), str(tmp_path), *arguments],
        check=True,
    )
    from gisrisk.rules.book import read_book

    book, problems = read_book(tmp_path)
    assert problems == []
    assert book is not None
    assert {i.document_no for i in book.instruments.values()} >= {"GB 55037-2022", "GB 50156-2021"}
