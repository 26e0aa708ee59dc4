"""What the invented plants store: real substances with their hazard classes, states and densities.

Names, CAS numbers and classes are ordinary chemical knowledge (GHS classes in the short form of the layer `inventory`,
several joined by `;`). No legal figure stands here: critical quantities belong to `data/rules/`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Substance:
    """One substance as stored: density in t/m3 as stored, temperatures in degrees C, pressure in MPa gauge."""

    name_zh: str
    cas: str | None
    ghs_class: str | None
    density_t_m3: float
    state: str = "liquid"
    temperature_c: float = 25.0
    pressure_mpa: float = 0.0
    fire_hazard_class: str = "jia"
    liquid_class: str | None = "jiaB"
    boiling_point_c: float | None = None


SUBSTANCES: dict[str, Substance] = {
    "methanol": Substance("甲醇", "67-56-1", "flam_liq_2;acute_tox_3", 0.79, boiling_point_c=64.7),
    "ethanol": Substance("乙醇", "64-17-5", "flam_liq_2", 0.79, boiling_point_c=78.3),
    "toluene": Substance("甲苯", "108-88-3", "flam_liq_2", 0.87, boiling_point_c=110.6),
    "benzene": Substance("苯", "71-43-2", "flam_liq_2", 0.88, boiling_point_c=80.1),
    "acetone": Substance("丙酮", "67-64-1", "flam_liq_2", 0.79, boiling_point_c=56.1),
    "ethyl_acetate": Substance("乙酸乙酯", "141-78-6", "flam_liq_2", 0.9, boiling_point_c=77.1),
    "isopropanol": Substance("异丙醇", "67-63-0", "flam_liq_2", 0.79, boiling_point_c=82.3),
    "thf": Substance("四氢呋喃", "109-99-9", "flam_liq_2", 0.89, boiling_point_c=66.0),
    "hexane": Substance("正己烷", "110-54-3", "flam_liq_2", 0.66, boiling_point_c=68.7),
    "dmc": Substance("碳酸二甲酯", "616-38-6", "flam_liq_2", 1.07, boiling_point_c=90.0),
    "xylene": Substance("二甲苯", "1330-20-7", "flam_liq_3", 0.86, boiling_point_c=139.0),
    "styrene": Substance(
        "苯乙烯", "100-42-5", "flam_liq_3", 0.91, fire_hazard_class="yi", liquid_class="yiA", boiling_point_c=145.0
    ),
    "dmf": Substance(
        "N,N-二甲基甲酰胺",
        "68-12-2",
        "flam_liq_3",
        0.95,
        fire_hazard_class="yi",
        liquid_class="yiB",
        boiling_point_c=153.0,
    ),
    "butyl_acrylate": Substance(
        "丙烯酸正丁酯", "141-32-2", "flam_liq_3", 0.9, fire_hazard_class="yi", liquid_class="yiA", boiling_point_c=147.0
    ),
    "kerosene": Substance(
        "磺化煤油", "8008-20-6", "flam_liq_3", 0.8, fire_hazard_class="yi", liquid_class="yiB", boiling_point_c=180.0
    ),
    "diesel": Substance(
        "柴油", "68334-30-5", "flam_liq_3", 0.84, fire_hazard_class="bing", liquid_class="bingA", boiling_point_c=200.0
    ),
    "petrol": Substance("汽油", "86290-81-5", "flam_liq_2", 0.74, boiling_point_c=45.0),
    "acrylonitrile": Substance("丙烯腈", "107-13-1", "flam_liq_2;acute_tox_3", 0.81, boiling_point_c=77.3),
    "epichlorohydrin": Substance("环氧氯丙烷", "106-89-8", "flam_liq_3;acute_tox_3", 1.18, boiling_point_c=116.0),
    "acetone_cyanohydrin": Substance(
        "丙酮氰醇",
        "75-86-5",
        "acute_tox_2_inhalation",
        0.93,
        fire_hazard_class="bing",
        liquid_class="bingA",
        boiling_point_c=95.0,
    ),
    "ethylene_oxide": Substance(
        "环氧乙烷",
        "75-21-8",
        "flam_gas_1;acute_tox_3",
        0.87,
        state="liquefied_gas",
        temperature_c=5.0,
        pressure_mpa=0.4,
        liquid_class="jiaA",
        boiling_point_c=10.7,
    ),
    "propylene": Substance(
        "丙烯",
        "115-07-1",
        "flam_gas_1",
        0.51,
        state="liquefied_gas",
        pressure_mpa=1.0,
        liquid_class="jiaA",
        boiling_point_c=-47.6,
    ),
    "lpg": Substance(
        "液化石油气",
        "68476-85-7",
        "flam_gas_1",
        0.54,
        state="liquefied_gas",
        pressure_mpa=0.8,
        liquid_class="jiaA",
        boiling_point_c=-42.0,
    ),
    "hydrogen": Substance(
        "氢", "1333-74-0", "flam_gas_1", 0.008, state="gas", pressure_mpa=1.6, liquid_class=None, boiling_point_c=-252.9
    ),
    "chlorine": Substance(
        "氯",
        "7782-50-5",
        "acute_tox_2;ox_gas_1",
        1.4,
        state="liquefied_gas",
        pressure_mpa=0.7,
        fire_hazard_class="yi",
        liquid_class=None,
        boiling_point_c=-34.0,
    ),
    "ammonia": Substance(
        "氨",
        "7664-41-7",
        "acute_tox_3;flam_gas_2",
        0.6,
        state="liquefied_gas",
        pressure_mpa=1.0,
        fire_hazard_class="yi",
        liquid_class=None,
        boiling_point_c=-33.3,
    ),
    "hydrogen_fluoride": Substance(
        "氟化氢",
        "7664-39-3",
        "acute_tox_1",
        0.97,
        temperature_c=15.0,
        pressure_mpa=0.1,
        fire_hazard_class="wu",
        liquid_class=None,
        boiling_point_c=19.5,
    ),
    "oxygen": Substance(
        "氧(液化)",
        "7782-44-7",
        "ox_gas_1",
        1.14,
        state="liquefied_gas",
        temperature_c=-183.0,
        pressure_mpa=0.8,
        fire_hazard_class="yi",
        liquid_class=None,
        boiling_point_c=-183.0,
    ),
    "hydrogen_peroxide": Substance(
        "过氧化氢溶液(50%)",
        "7722-84-1",
        "ox_liq_2",
        1.2,
        fire_hazard_class="yi",
        liquid_class=None,
        boiling_point_c=114.0,
    ),
    "nitrocellulose": Substance(
        "硝化纤维素(含乙醇≥25%)", "9004-70-0", "flam_sol_1", 0.6, state="solid", liquid_class=None
    ),
    "sodium": Substance("金属钠", "7440-23-5", "water_react_1", 0.97, state="solid", liquid_class=None),
    "lipf6": Substance(
        "六氟磷酸锂", "21324-40-3", "acute_tox_3", 1.5, state="solid", fire_hazard_class="bing", liquid_class=None
    ),
    "sodium_cyanide": Substance(
        "氰化钠", "143-33-9", "acute_tox_2", 1.6, state="solid", fire_hazard_class="wu", liquid_class=None
    ),
    "tdi": Substance(
        "甲苯二异氰酸酯",
        "26471-62-5",
        "acute_tox_2",
        1.22,
        fire_hazard_class="bing",
        liquid_class="bingA",
        boiling_point_c=251.0,
    ),
    "peroxide": Substance("过氧化二异丙苯", "80-43-3", "org_perox_f", 1.0, state="solid", liquid_class=None),
    "sodium_persulphate": Substance(
        "过硫酸钠", "7775-27-1", "ox_sol_3", 1.1, state="solid", fire_hazard_class="yi", liquid_class=None
    ),
    "intermediate_unclassified": Substance(
        "自产中间体DM-07(未鉴定)", None, None, 1.0, fire_hazard_class="bing", liquid_class=None
    ),
    "goods": Substance(
        "包装材料与非危险成品", None, "not_classified", 0.4, state="solid", fire_hazard_class="bing", liquid_class=None
    ),
    "resin": Substance(
        "树脂与乳液成品(非危险化学品)", None, "not_classified", 1.0, fire_hazard_class="bing", liquid_class=None
    ),
    "herbs": Substance(
        "中药材", None, "not_classified", 0.3, state="solid", fire_hazard_class="bing", liquid_class=None
    ),
}

UNKNOWN_MIXTURE = "回收混合溶剂(组成不明)"
