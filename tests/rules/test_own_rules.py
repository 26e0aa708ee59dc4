"""Sign-offs and a user's own documents: what they change, what is noticed, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from gisrisk.cli.main import cli
from gisrisk.errors import RuleDataError
from gisrisk.paths import shipped
from gisrisk.rules import check_rules, load_rules
from gisrisk.rules.matching import match
from gisrisk.rules.signoffs import FILE, SignOffRefused, sign_off
from gisrisk.rules.subjects import build_subjects

DAY = date(2026, 11, 25)
RULE = "GB50160-4.1.9-power"  # nobody has seen its text: provisional
RULES = shipped("data", "rules")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "GB50160.pdf"
    path.write_bytes(b"the official text")
    return path


def test_a_sign_off_confirms_the_rule_and_is_part_of_the_version(tmp_path: Path, text: Path) -> None:
    before = load_rules(RULES, own=tmp_path)
    assert before.rule(RULE).review == "provisional"
    entry = sign_off(tmp_path, before.rule(RULE), document=text, by="张三", on=DAY)
    # sha256 of the 17 bytes above, by `printf 'the official text' | sha256sum`
    assert entry.sha256 == "af3bd93be5b4448f5ff53b877d7098008f2273d4fd4c51e1a6cf2e764a8752cb"
    after = load_rules(RULES, own=tmp_path)
    rule = after.rule(RULE)
    assert (rule.review, rule.provisional_because) == ("confirmed", ())
    assert [(s.by, s.on, s.document, s.outdated) for s in rule.signoffs] == [("张三", DAY, "GB50160.pdf", False)]
    assert after.version != before.version
    assert rule in after.instruments["gb50160"].rules
    others = {r.id: r.review for r in after.rules if r.id != RULE}
    assert others == {r.id: r.review for r in before.rules if r.id != RULE}


def test_sign_offs_are_added_one_below_the_other(tmp_path: Path, text: Path) -> None:
    rule = load_rules(RULES).rule(RULE)
    sign_off(tmp_path, rule, document=text, by="张三", on=DAY)
    first = (tmp_path / FILE).read_bytes()
    sign_off(tmp_path, rule, document=text, by="李四", on=DAY)
    assert (tmp_path / FILE).read_bytes().startswith(first)
    assert [s.by for s in load_rules(RULES, own=tmp_path).rule(RULE).signoffs] == ["张三", "李四"]


def test_a_changed_or_removed_line_is_noticed(tmp_path: Path, text: Path) -> None:
    rule = load_rules(RULES).rule(RULE)
    for name in ("张三", "李四", "王五"):
        sign_off(tmp_path, rule, document=text, by=name, on=DAY)
    whole = (tmp_path / FILE).read_text(encoding="utf-8")
    for broken in (whole.replace("张三", "赵六"), "".join(x for x in whole.splitlines(True) if "李四" not in x)):
        (tmp_path / FILE).write_text(broken, encoding="utf-8")
        with pytest.raises(RuleDataError, match="something above it was changed or removed"):
            load_rules(RULES, own=tmp_path)


def test_a_sign_off_of_another_wording_confirms_nothing(tmp_path: Path, text: Path) -> None:
    from dataclasses import replace

    rule = load_rules(RULES).rule(RULE)
    sign_off(tmp_path, replace(rule, clause="4.1.8"), document=text, by="张三", on=DAY)
    said = load_rules(RULES, own=tmp_path).rule(RULE)
    assert said.review == "provisional"
    assert [s.outdated for s in said.signoffs] == [True]


@pytest.mark.parametrize(("document", "by"), [("absent.pdf", "张三"), ("empty.pdf", "张三"), ("GB50160.pdf", "  ")])
def test_nothing_is_written_without_a_document_and_a_name(tmp_path: Path, text: Path, document: str, by: str) -> None:
    (tmp_path / "empty.pdf").touch()
    with pytest.raises(SignOffRefused):
        sign_off(tmp_path, load_rules(RULES).rule(RULE), document=tmp_path / document, by=by, on=DAY)
    assert not (tmp_path / FILE).exists()


def test_the_command_line_confirms_and_shows(tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISRISK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GISRISK_LANG", "en")
    run = CliRunner().invoke
    said = run(cli, ["rules", "confirm", RULE, "--document", str(text), "--by", "Zhang San"])
    assert said.exit_code == 0, said.output
    assert "confirmed by Zhang San" in said.output
    shown = run(cli, ["rules", "show", RULE]).output
    assert "Zhang San: GB50160.pdf" in shown and "confirmed" in shown
    assert run(cli, ["rules", "confirm", "GLTL-99", "--document", str(text), "--by", "x"]).exit_code != 0
    assert run(cli, ["rules", "check"]).exit_code == 0


# --- documents of one's own -------------------------------------------------------------------------------------------

OWN: dict[str, Any] = {
    "document": "示例园区规定",
    "document_no": "示例〔2024〕1号",
    "in_force": "2024-01-01",
    "status": "local",
    "sources": [{"kinds": ["shop"], "facility_types": ["workshop_jia"]}],
    "targets": [{"kinds": ["flame"], "target_types": ["open_flame_point"]}],
    "rules": [
        {
            "id": "PARK-1", "title_zh": "甲类厂房与明火", "clause": "3", "type": "minimum", "mandatory": True,
            "source": ["shop"], "target": ["flame"], "measured_from": "building_outer_wall",
            "measured_to": "flame_point", "direction": "all_round_horizontal", "min_distance_m": {"2024-01-01": 40},
            "review": "confirmed", "evidence": {"scope": "text", "url": "https://park.example/1"},
        }
    ],
}  # fmt: skip


def own(folder: Path, **rule: Any) -> Path:
    content = yaml.safe_load(yaml.safe_dump(OWN))
    content["rules"][0] |= rule
    (folder / "local").mkdir(exist_ok=True)
    (folder / "local" / "park.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_local_document_joins_the_book(tmp_path: Path) -> None:
    # GB 55037 clause 3.2.1 asks for 30 m between a class 甲 workshop and an open flame; 40 m tighten it
    book = load_rules(RULES, own=own(tmp_path, tightens=["GB55037-3.2.1b"]))
    assert book.rule("PARK-1").required_m(DAY) == 40.0
    assert book.version != load_rules(RULES).version
    assert check_rules(RULES, own=tmp_path) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"min_distance_m": {"2024-01-01": 20}, "tightens": ["GB55037-3.2.1b"]}, "asks for 20 m where GB55037-3.2.1b"),
        ({"replaces": ["GB55037-3.2.1b"]}, "takes the place of GB55037-3.2.1b"),
        ({"type": "permit", "mandatory": False, "tightens": ["GB55037-3.2.1b"]}, "only asks for an approval"),
    ],
)
def test_a_local_rule_that_loosens_is_reported_and_not_applied(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    book = load_rules(RULES, own=own(tmp_path, **change))
    assert "PARK-1" not in {rule.id for rule in book.rules}
    (problem,) = check_rules(RULES, own=tmp_path)
    assert problem.startswith("park.yaml: PARK-1: ") and reason in problem
    told = {key: en for key, _, en in match(book, build_subjects({}), DAY).not_evaluated}
    assert reason in told["PARK-1"]


def test_a_looser_figure_is_found_without_being_told(tmp_path: Path) -> None:
    """DRILL-100-residence holds for every drilling well and every residence; 80 m for villages alone loosen it."""
    content = yaml.safe_load(yaml.safe_dump(OWN))
    content["sources"] = [{"kinds": ["shop"], "facility_types": ["drilling_well"]}]
    content["targets"] = [{"kinds": ["flame"], "class_ref": "residential_any"}]
    content["rules"][0] |= {"min_distance_m": {"2024-01-01": 80}, "measured_from": "wellhead"}
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "park.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    (problem,) = check_rules(RULES, own=tmp_path)
    assert "asks for 80 m where DRILL-100-residence" in problem


def test_a_national_id_or_status_is_not_for_local_files(tmp_path: Path) -> None:
    own(tmp_path, id=RULE)
    with pytest.raises(RuleDataError, match=f"{RULE}: this id stands also in"):
        load_rules(RULES, own=tmp_path)
    content = {**OWN, "status": "in_force"}
    (tmp_path / "local" / "park.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RuleDataError, match=r"park.yaml: a document of your own has the status local"):
        load_rules(RULES, own=tmp_path)
