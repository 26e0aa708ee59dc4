"""The shipped book is sound, and one slip of each kind is refused with its place and reason."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from gisrisk.errors import RuleDataError, UnknownName
from gisrisk.rules import RuleBook, check_rules, load_rules
from gisrisk.rules.book import read_book
from gisrisk.rules.instrument import starts_with_clause

DAY = date(2026, 1, 1)
Change = Callable[[dict[str, Any]], None]


def test_the_shipped_rules_are_sound() -> None:
    assert check_rules() == []


def test_every_document_that_was_asked_for_is_there(book: RuleBook) -> None:
    numbers = {i.document_no: len(i.rules) for i in book.instruments.values()}
    # Rows of the fact file as its `documents` table counts them, and what stands only in notes beside them.
    assert numbers["GB 50016-2014(2018年版)"] == 209 + 8
    assert numbers["GB 50156-2021"] == 277
    assert numbers["GB 50160-2008(2018年版)"] == 66 + 2
    assert numbers["国务院令第593号"] == 12 + 1
    assert len(numbers) == 43
    assert sum(numbers.values()) == 816 + 8 + 9


def test_a_rule_says_its_document_clause_and_evidence(book: RuleBook) -> None:
    rule = book.rule("CJF-26-chem")
    assert (rule.document, rule.clause, rule.type, rule.mandatory) == (
        "中华人民共和国长江保护法",
        "第二十六条",
        "prohibition",
        True,
    )
    assert rule.required_m(date(2021, 2, 28)) is None
    assert rule.required_m(date(2021, 3, 1)) == 1000.0
    assert not rule.applies_on(date(2021, 2, 28))
    assert rule.applies_on(date(2021, 3, 1))
    assert (rule.review, rule.confirm_scope) == ("confirmed", "text")
    assert rule.source_url is not None


def test_a_rule_seen_only_in_an_older_edition_is_provisional(book: RuleBook) -> None:
    older = [rule for rule in book.rules if rule.confirm_scope == "previous_edition"]
    assert len(older) == 61  # rows of the fact file with this scope: GB 50016 10, GB 50156 46, GB 50161-2009 5
    assert {rule.review for rule in older} == {"provisional"}
    assert {rule.review for rule in book.rules if rule.confirm_scope is None} == {"provisional"}


def test_what_the_law_says_should_preferably_be_is_not_mandatory(book: RuleBook) -> None:
    advisory = {r.id for r in book.rules if not r.mandatory and r.type == "minimum"}
    assert advisory == {
        "GB50016-3.4.1-yi-important",
        "GB50016-3.4.1-yi-openflame",
        "GB50016-3.5.2-civil",
        "GB50016-3.5.2-imp",
        "GB50072-2010-4.1.1a",
        "GB50072-2010-4.1.1b",
    }
    assert all(not r.mandatory for r in book.rules if r.type == "permit")


def test_an_unknown_rule_is_named(book: RuleBook) -> None:
    with pytest.raises(UnknownName, match="no rule 'GLTL-99'"):
        book.rule("GLTL-99")


def test_in_force_grows_with_the_dates_of_the_documents(book: RuleBook) -> None:
    # First days and rows as the fact file has them, plus rows that stand in notes. What ends: GB 50160-92 (12),
    # GB 18265-2000 (1) and GB 50161-2009 (5) with their successors, order 430 (1) with order 639.
    steps = [
        ("1992-12-30", 0), ("1992-12-31", 12), ("1998-01-07", 5), ("1999-03-18", 8), ("2000-11-05", 3),
        ("2001-05-01", 1),
        ("2005-03-01", 11 + 1), ("2005-04-01", 1), ("2005-10-01", 5), ("2008-09-30", 1), ("2009-07-01", 66 + 1 - 12),
        ("2009-08-01", 1), ("2009-12-31", 1), ("2010-07-01", 5), ("2010-10-01", 8), ("2011-07-01", 12 + 1),
        ("2011-11-01", 4), ("2011-12-01", 8), ("2012-06-01", 1 + 2), ("2013-12-01", 3), ("2014-01-01", 11 - 1),
        ("2014-12-31", 5), ("2015-04-01", 1), ("2015-05-01", 209 + 8 + 126), ("2016-08-01", 1), ("2017-11-05", 1 + 1),
        ("2018-03-04", 1), ("2019-03-01", 1), ("2019-04-01", 0 + 1), ("2019-11-01", 1 - 1), ("2019-12-31", 1),
        ("2020-02-29", 1), ("2020-10-01", 2), ("2021-03-01", 3), ("2021-10-01", 277), ("2022-12-31", 2 - 5),
        ("2023-06-01", 6 + 2), ("2023-07-01", 1), ("2023-12-31", 1), ("2026-05-01", 1),
    ]  # fmt: skip
    expected = 0
    for day, change in steps:
        expected += change
        assert len(book.in_force(on=date.fromisoformat(day))) == expected, day


def test_the_reach_of_the_book_is_its_largest_figure(book: RuleBook) -> None:
    assert book.reach_m(DAY) == 5000.0  # chemical projects on lake Taihu, article 30 of order 604
    # note 3 of GB 50016 table 4.2.1 raises the 40 m of the row by a quarter
    assert book.largest_m(book.rule("GB50016-4.2.1-jy-1-50-civil_building_highrise"), DAY) == 50.0
    assert book.largest_m(book.rule("GB50074-4.0.11-pole15"), DAY) == 1.5 * 200  # H is bounded by plausible_max


@pytest.mark.parametrize(
    ("clause", "prefix", "starts"),
    [
        ("4.4.1 表4.4.1", "4.4.1", True),
        ("4.4.10", "4.4.1", False),
        ("4.4.1.2", "4.4.1", True),
        ("3.5.1", "4.4.1", False),
    ],
)
def test_a_clause_number_is_not_cut_in_the_middle(clause: str, prefix: str, starts: bool) -> None:
    assert starts_with_clause(clause, prefix) is starts


# --- a small book that can be broken --------------------------------------------------------------------------------

RULE: dict[str, Any] = {
    "id": "EX-1",
    "title_zh": "示例",
    "clause": "1.1",
    "type": "minimum",
    "mandatory": True,
    "source": ["tank"],
    "target": ["house"],
    "measured_from": "tank_outer_wall",
    "measured_to": "building_outer_wall",
    "direction": "all_round_horizontal",
    "min_distance_m": {"2014-07-01": 10, "2021-03-01": 15, "2030-01-01": None},
    "review": "confirmed",
    "evidence": {"scope": "text", "url": "https://standards.example/ex-100"},
}
FILE: dict[str, Any] = {
    "document": "示例规范",
    "document_no": "EX 100-2014",
    "in_force": "2014-07-01",
    "status": "in_force",
    "sources": [{"kinds": ["tank"], "facility_types": ["tank_fixed_roof"], "when": {"liquid_class": "jiaB"}}],
    "targets": [{"kinds": ["house"], "class_ref": "residential_1000"}],
    "rules": [RULE],
}


@pytest.fixture
def folder(tmp_path: Path, project_root: Path) -> Path:
    shutil.copy(project_root / "data" / "rules" / "vocabulary.yaml", tmp_path / "vocabulary.yaml")
    (tmp_path / "instruments").mkdir()
    return tmp_path


def write(folder: Path, content: dict[str, Any], name: str = "ex_100") -> None:
    (folder / "instruments" / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def changed(change: Change) -> dict[str, Any]:
    content = copy.deepcopy(FILE)
    change(content)
    return content


def test_the_small_book_is_sound_until_it_is_broken(folder: Path) -> None:
    write(folder, FILE)
    assert check_rules(folder) == []


def test_figures_change_and_end_on_their_days(folder: Path) -> None:
    write(folder, FILE)
    rule = load_rules(folder).rule("EX-1")
    days = ["2014-06-30", "2014-07-01", "2021-02-28", "2021-03-01", "2029-12-31", "2030-01-01"]
    assert [rule.required_m(date.fromisoformat(d)) for d in days] == [None, 10.0, 10.0, 15.0, 15.0, None]
    assert [rule.applies_on(date.fromisoformat(d)) for d in days] == [False, True, True, True, True, False]


def test_the_version_changes_with_any_file(folder: Path) -> None:
    write(folder, FILE)
    book, _ = read_book(folder)
    again, _ = read_book(folder)
    (folder / "methods").mkdir()
    (folder / "methods" / "note.yaml").write_text("a: 1\n", encoding="utf-8")
    other, _ = read_book(folder)
    assert book is not None and again is not None and other is not None
    assert book.version == again.version != other.version
    assert len(book.version) == 12 and int(book.version, 16) >= 0


def rule_change(**values: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        content["rules"][0] |= values

    return change


def without(key: str) -> Change:
    def change(content: dict[str, Any]) -> None:
        del content["rules"][0][key]

    return change


def part_change(part: str, **values: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        content[part][0] |= values

    return change


def top(**values: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        content |= values

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (rule_change(min_distance_m={"2014-07-01": 0}), "EX-1: min_distance_m is 0.0 from 2014-07-01, expected > 0"),
        (rule_change(min_distance_m={"2014-07-01": -3}), "expected > 0; null means repealed"),
        (rule_change(min_distance_m={"2014-07-01": "10 m"}), "(EX-1), min_distance_m, 2014-07-01: '10 m' is not"),
        (rule_change(min_distance_m={"2014-7-1": 10}), "'2014-7-1' does not match"),
        (rule_change(min_distance_m={"2014-13-01": 10}), "'2014-13-01' is not a day"),
        (rule_change(min_distance_m={"2021-03-01": 10, "2014-07-01": 5}), ""),
        (rule_change(min_distance=10), "'min_distance' was unexpected"),
        (without("clause"), "'clause' is a required property"),
        (without("min_distance_m"), "rules[0] (EX-1): "),
        (rule_change(type="minumum"), "'minumum' is not one of"),
        (rule_change(direction="sideways"), "'sideways' is not one of"),
        (rule_change(measured_from="tank_wall"), "EX-1: measured_from 'tank_wall' is not in the closed list"),
        (rule_change(measured_to="railway_land"), "EX-1: measured_to 'railway_land' is not in the closed list"),
        (rule_change(source=["tonk"]), "EX-1: source 'tonk' is mapped to no type"),
        (rule_change(target=["home"]), "EX-1: target 'home' is mapped to no type"),
        (rule_change(when={"source": {"volume": 3}}), "EX-1, when.source: there is no attribute 'volume'"),
        (rule_change(when={"source": {"liquid_class": "jia"}}), "'jia' is not one of its values"),
        (rule_change(when={"source": {"volume_m3": {"over": 3}}}), "unknown test 'over'"),
        (rule_change(when={"both": {}}), "'both' was unexpected"),
        (rule_change(review="checked"), "'checked' is not one of"),
        (rule_change(evidence={"scope": "text"}), "'url' is a required property"),
        (rule_change(evidence={"scope": "previous_edition", "url": "https://a.example"}), "only text or secondary"),
        (rule_change(evidence={"scope": "text", "url": "page 12"}), "'page 12' does not match"),
        (rule_change(type="permit"), "False was expected"),
        (rule_change(factor_of={"tower_height_m": 1.5}), "has both min_distance_m and factor_of"),
        (rule_change(replaces=["EX-9"]), "EX-1: replaces 'EX-9', which is no rule"),
        (part_change("sources", facility_types=["tonk"]), "sources[0]: there is no type 'tonk'"),
        (part_change("targets", class_ref="homes"), "targets[0]: there is no class 'homes'"),
        (part_change("sources", when={"liquid": "jiaB"}), "sources[0]: there is no attribute 'liquid'"),
        (part_change("sources", distance_factor=0), "is less than or equal to the minimum of 0"),
        (top(in_force="2014-02-30"), "in_force: '2014-02-30' is not a day"),
        (top(applies_when={"source": {"site_regime": "chemistry"}}), "applies_when: 'site_regime': 'chemistry'"),
        (top(rules=[RULE, RULE]), "EX-1: this id stands also in ex_100.yaml"),
        (top(colour="red"), "'colour' was unexpected"),
    ],
)  # fmt: skip
def test_one_slip_is_refused_with_its_place(folder: Path, change: Change, reason: str) -> None:
    write(folder, changed(change))
    if not reason:  # safe_dump sorts the days, so that this slip has to be written by hand
        text = (folder / "instruments" / "ex_100.yaml").read_text(encoding="utf-8")
        text = text.replace("'2014-07-01': 5\n    '2021-03-01': 10", "'2021-03-01': 10\n    '2014-07-01': 5")
        (folder / "instruments" / "ex_100.yaml").write_text(text, encoding="utf-8")
        reason = "EX-1: the days of min_distance_m are not in order"
    problems = check_rules(folder)
    assert any(problem.startswith("ex_100.yaml: ") and reason in problem for problem in problems), problems


def test_an_id_may_not_be_used_by_two_documents(folder: Path) -> None:
    write(folder, FILE)
    write(folder, FILE, "ex_200")
    assert check_rules(folder) == [
        "ex_200.yaml: EX-1: this id stands also in ex_100.yaml. An id is never reused; give the new rule its own."
    ]


def test_all_slips_are_told_at_once(folder: Path) -> None:
    write(folder, changed(rule_change(measured_from="tank_wall")))
    write(folder, changed(rule_change(id="EX-2", measured_to="wall")), "ex_200")
    with pytest.raises(RuleDataError, match=r"(?s)ex_100.yaml: EX-1: .*tank_wall.*ex_200.yaml: EX-2: .*wall"):
        load_rules(folder)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("name: site_regime\n", "name: site_regimes\n", "there is no attribute 'site_regime'"),
        ("type: enum", "type: enumm", "'enumm' is not one of"),
        ("implies: {fire_hazard_class: jia}", "implies: {fire_hazard_class: jai}", "'jai' is not one of"),
        ("implies: {fire_hazard_class: jia}", "implies: {fire_class: jia}", "there is no attribute 'fire_class'"),
        ("    medium: [oil, natural_gas", "    mediun: [oil, natural_gas", "there is no attribute 'mediun'"),
        ("origin: all civil buildings", "orign: all civil buildings", "'orign' was unexpected"),
        ("use: tank_outer_wall}", "use: tank_wall}", "leads to 'tank_wall', which is not in the list"),
        ("method: edge", "method: edges", "'edges' is not one of"),
        ("share_of_length: 0.5", "share_of_length: 5", "is greater than the maximum of 1"),
        ("unsized_point_may_extend_m: {value: 150", "unsized_point_may_extend_m: {value: -1", "is less than"),
        ("closed_list:", "closed:", "'closed_list' is a required property"),
        ("population: {ge: 1000}", "population: {ge: '1000'}", "'1000' is not a number"),
    ],
)  # fmt: skip
def test_one_slip_in_the_vocabulary_is_refused(folder: Path, old: str, new: str, reason: str) -> None:
    path = folder / "vocabulary.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text, "the slip has nothing to break"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problems = check_rules(folder)
    assert any(reason in problem for problem in problems), problems


def test_a_file_that_is_not_yaml_is_named(folder: Path) -> None:
    (folder / "instruments" / "broken.yaml").write_text("rules: [", encoding="utf-8")
    (problem,) = check_rules(folder)
    assert problem.startswith("broken.yaml, line ")
