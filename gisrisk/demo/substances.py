"""What the invented plants store: real substances with their hazard classes, states and densities.

Names, CAS numbers and classes are ordinary chemical knowledge (GHS classes in the short form of the layer `inventory`,
several joined by `;`). No legal figure stands here: critical quantities belong to `data/rules/`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Substance:
    """One substance as stored: density in t/m3 of the stored phase, temperature in degrees C, pressure in MPa gauge."""

    name_zh: str
    cas: str | None
    ghs_class: str | None
    density_t_m3: float
    state: str = "liquid"
    temperature_c: float = 25.0
    pressure_mpa: float = 0.0
    fire_hazard_class: str = "jia"
    liquid_class: str | None = "jiaB"


SUBSTANCES: dict[str, Substance] = {
    "methanol": Substance("甲醇", "67-56-1", "flam_liq_2;acute_tox_3", 0.79),
    "ethanol": Substance("乙醇", "64-17-5", "flam_liq_2", 0.79),
    "toluene": Substance("甲苯", "108-88-3", "flam_liq_2", 0.87),
    "benzene": Substance("苯", "71-43-2", "flam_liq_2", 0.88),
    "acetone": Substance("丙酮", "67-64-1", "flam_liq_2", 0.79),
    "ethyl_acetate": Substance("乙酸乙酯", "141-78-6", "flam_liq_2", 0.90),
    "isopropanol": Substance("异丙醇", "67-63-0", "flam_liq_2", 0.79),
    "thf": Substance("四氢呋喃", "109-99-9", "flam_liq_2", 0.89),
    "hexane": Substance("正己烷", "110-54-3", "flam_liq_2", 0.66),
    "dmc": Substance("碳酸二甲酯", "616-38-6", "flam_liq_2", 1.07),
    "xylene": Substance("二甲苯", "1330-20-7", "flam_liq_3", 0.86, fire_hazard_class="jia"),
    "styrene": Substance("苯乙烯", "100-42-5", "flam_liq_3", 0.91, fire_hazard_class="yi", liquid_class="yiA"),
    "dmf": Substance("N,N-二甲基甲酰胺", "68-12-2", "flam_liq_3", 0.95, fire_hazard_class="yi", liquid_class="yiB"),
    "butyl_acrylate": Substance(
        "丙烯酸正丁酯", "141-32-2", "flam_liq_3", 0.90, fire_hazard_class="yi", liquid_class="yiA"
    ),
    "kerosene": Substance("磺化煤油", "8008-20-6", "flam_liq_3", 0.80, fire_hazard_class="yi", liquid_class="yiB"),
    "diesel": Substance("柴油", "68334-30-5", "flam_liq_3", 0.84, fire_hazard_class="bing", liquid_class="bingA"),
    "petrol": Substance("汽油", "86290-81-5", "flam_liq_2", 0.74),
    "acrylonitrile": Substance("丙烯腈", "107-13-1", "flam_liq_2;acute_tox_3", 0.81),
    "epichlorohydrin": Substance("环氧氯丙烷", "106-89-8", "flam_liq_3;acute_tox_3", 1.18),
    "acetone_cyanohydrin": Substance(
        "丙酮氰醇", "75-86-5", "acute_tox_2", 0.93, fire_hazard_class="bing", liquid_class="bingA"
    ),
    "ethylene_oxide": Substance(
        "环氧乙烷", "75-21-8", "flam_gas_1;acute_tox_3", 0.87, "liquefied_gas", 5.0, 0.4, liquid_class="jiaA"
    ),
    "propylene": Substance("丙烯", "115-07-1", "flam_gas_1", 0.51, "liquefied_gas", 25.0, 1.0, liquid_class="jiaA"),
    "lpg": Substance("液化石油气", "68476-85-7", "flam_gas_1", 0.54, "liquefied_gas", 25.0, 0.8, liquid_class="jiaA"),
    "hydrogen": Substance("氢", "1333-74-0", "flam_gas_1", 0.008, "gas", 25.0, 1.6, liquid_class=None),
    "chlorine": Substance("氯", "7782-50-5", "acute_tox_2;ox_gas_1", 1.40, "liquefied_gas", 25.0, 0.7, "yi", None),
    "ammonia": Substance("氨", "7664-41-7", "acute_tox_3;flam_gas_2", 0.60, "liquefied_gas", 25.0, 1.0, "yi", None),
    "hydrogen_fluoride": Substance("氟化氢", "7664-39-3", "acute_tox_1", 0.97, "liquid", 15.0, 0.1, "wu", None),
    "oxygen": Substance("氧(液化)", "7782-44-7", "ox_gas_1", 1.14, "liquefied_gas", -183.0, 0.8, "yi", None),
    "hydrogen_peroxide": Substance(
        "过氧化氢溶液(50%)", "7722-84-1", "ox_liq_2", 1.20, fire_hazard_class="yi", liquid_class=None
    ),
    "nitrocellulose": Substance("硝化纤维素(含乙醇≥25%)", "9004-70-0", "flam_sol_1", 0.6, "solid", liquid_class=None),
    "sodium": Substance("金属钠", "7440-23-5", "water_react_1", 0.97, "solid", liquid_class=None),
    "lipf6": Substance(
        "六氟磷酸锂", "21324-40-3", "acute_tox_3", 1.5, "solid", fire_hazard_class="bing", liquid_class=None
    ),
    "sodium_cyanide": Substance(
        "氰化钠", "143-33-9", "acute_tox_2", 1.6, "solid", fire_hazard_class="wu", liquid_class=None
    ),
    "tdi": Substance(
        "甲苯二异氰酸酯", "26471-62-5", "acute_tox_2", 1.22, fire_hazard_class="bing", liquid_class="bingA"
    ),
    "peroxide": Substance("过氧化二异丙苯", "80-43-3", "org_perox_f", 1.0, "solid", liquid_class=None),
    "sodium_persulphate": Substance(
        "过硫酸钠", "7775-27-1", "ox_sol_3", 1.1, "solid", fire_hazard_class="yi", liquid_class=None
    ),
    "intermediate_unclassified": Substance(
        "自产中间体DM-07(未鉴定)", None, None, 1.0, fire_hazard_class="bing", liquid_class=None
    ),
}
