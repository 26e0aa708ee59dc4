"""Texts of the hazard class column as people write them, read by hand into class, category and route."""

from __future__ import annotations

import pytest

from gisrisk.hazards.ghs import parse_ghs

ONE = {
    "flam_liq_2": "flam_liq_2",
    "Flam. Liq. 2": "flam_liq_2",
    "flammable liquids, category 2": "flam_liq_2",
    "易燃液体,类别2": "flam_liq_2",
    "易燃液体，类别 2": "flam_liq_2",
    "易燃液体第2类": "flam_liq_2",
    "急性毒性-吸入,类别2*": "acute_tox_2_inhalation",
    "急性毒性（经口）类别3": "acute_tox_3_oral",
    "Acute Tox. 3 (dermal)": "acute_tox_3_dermal",
    "acute_tox_1_inhalation_gas": "acute_tox_1_inhalation",
    "爆炸物,1.1项": "expl_1.1",
    "expl_1.4": "expl_1.4",
    "explosives, division 1.5": "expl_1.5",
    "不稳定爆炸物": "expl_unstable",
    "Unst. Expl.": "expl_unstable",
    "自反应物质和混合物,A型": "self_react_a",
    "有机过氧化物,C型": "org_perox_c",
    "organic peroxides type F": "org_perox_f",
    "氧化性气体,类别1": "ox_gas_1",
    "Ox. Sol. 3": "ox_sol_3",
    "易燃气体,类别1A": "flam_gas_1",
    "自燃液体,类别1": "pyr_liq_1",
    "遇水放出易燃气体的物质和混合物,类别2": "water_react_2",
    "气溶胶,类别1": "aerosol_1",
    "易燃固体,类别1": "flam_sol_1",
}


@pytest.mark.parametrize(("text", "expected"), ONE.items())
def test_one_class_is_read_exactly(text: str, expected: str) -> None:
    parsed = parse_ghs(text)
    assert [[str(alternative) for alternative in group] for group in parsed.given] == [[expected]]
    assert parsed.unknown == ()


@pytest.mark.parametrize(
    "text", ["易燃液体,类别9", "易腐品九级", "flam_liq_x", "expl_2.1", "flam_liq_2_and_more", "W99"]
)
def test_what_is_not_understood_is_kept_as_written(text: str) -> None:
    parsed = parse_ghs(text)
    assert parsed.unknown == (text,)
    assert parsed.given == ()


def test_several_classes_are_separated_by_either_semicolon() -> None:
    parsed = parse_ghs("易燃气体,类别1；急性毒性-吸入,类别2; 奇怪的")
    assert [str(group[0]) for group in parsed.given] == ["flam_gas_1", "acute_tox_2_inhalation"]
    assert parsed.unknown == ("奇怪的",)


def test_a_missing_category_or_route_leaves_the_alternatives_open() -> None:
    assert [str(c) for c in parse_ghs("易燃液体").given[0]] == ["flam_liq_1", "flam_liq_2", "flam_liq_3", "flam_liq_4"]
    assert [str(c) for c in parse_ghs("acute_tox_2").given[0]] == ["acute_tox_2_inhalation", "acute_tox_2_oral"]


def test_symbols_of_table_2_are_taken_as_they_are() -> None:
    assert parse_ghs("W5.3;J4").symbols == ("W5.3", "J4")
    assert parse_ghs("w5.3").symbols == ("W5.3",)


def test_silence_is_not_the_same_as_no_hazard() -> None:
    assert parse_ghs(None).is_empty
    assert parse_ghs("  ").is_empty
    assert parse_ghs("非危险化学品").not_classified
    assert not parse_ghs("非危险化学品").is_empty
    assert not parse_ghs("非危险化学品; flam_gas_1").not_classified


def test_classes_no_table_asks_for_are_known_whatever_follows_them() -> None:
    parsed = parse_ghs("特异性靶器官毒性-一次接触,类别3(呼吸道刺激); 皮肤腐蚀/刺激,类别1B; 加压气体-液化气体")
    assert parsed.unknown == ()
    assert [group[0].code for group in parsed.given] == ["stot_se", "skin_corr", "press_gas"]
