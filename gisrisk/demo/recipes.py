"""What stands in each kind of invented plant: tank groups, workshops, warehouses, units, written as plain data.

A recipe is laid out by `gisrisk.demo.plants`. Sizes in metres, volumes in cubic metres, stocks in tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tanks:
    """A group of equal tanks in one bund; `fill` is the share of the volume that is stored."""

    facility_type: str
    substance: str
    count: int
    volume_m3: float
    columns: int = 2
    storage_form: str | None = "vertical"
    fill: float = 0.85
    zone: str = "rear"
    name_zh: str = "储罐"
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Building:
    """A workshop, warehouse, process unit or rack with its outline and what it holds: (substance, tonnes) pairs."""

    facility_type: str
    width_m: float
    depth_m: float
    name_zh: str
    stock: tuple[tuple[str, float | None], ...] = ()
    zone: str = "middle"
    storeys: int = 1
    height_m: float = 8.0
    grade: int | None = 2
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of plant."""

    title_zh: str
    industry_code: str
    plant_kind: str
    site_regime: str
    shift_persons: int
    items: tuple[Tanks | Building, ...]
    is_hazchem: bool = True
    utility_buildings: int = 2
    open_flame: bool = False


def workshop(cls: str, n: str, *stock: tuple[str, float | None], width: float = 48, depth: float = 22, **kw: Any) -> Building:
    """A production building of fire class `cls`."""
    values = {"handles_flammable_vapour": True} if cls == "jia" else {}
    return Building(f"workshop_{cls}", width, depth, n, stock, storeys=2, height_m=14.0, values=values, **kw)


def warehouse(kind: str, n: str, *stock: tuple[str, float | None], width: float = 36, depth: float = 18, **kw: Any) -> Building:
    """A warehouse of the vocabulary's type `warehouse_<kind>`."""
    return Building(f"warehouse_{kind}", width, depth, n, stock, zone="rear", height_m=7.0, **kw)


def unit(cls: str, n: str, *stock: tuple[str, float | None], width: float = 70, depth: float = 42) -> Building:
    """An open process unit of fire class `cls`."""
    return Building(f"process_unit_{cls}", width, depth, n, stock, height_m=25.0, grade=None)


def rack(n: str, liquid_class: str = "jiaB", *, recovery: bool = True, unloading: bool = False) -> Building:
    """A truck loading rack."""
    values = {"liquid_class": liquid_class, "has_vapour_recovery": recovery, "unloading_only": unloading}
    return Building("loading_facility", 24, 9, n, zone="rear", height_m=6.0, grade=None, values=values)


def control_centre(n: str = "中央控制室") -> Building:
    """The blast-resistant control building of a large plant."""
    return Building("plant_important_facility", 40, 20, n, zone="front", grade=1, values={"importance_class": "1", "is_enclosed": True})


def fine(title: str, code: str, staff: int, *items: Tanks | Building, kind: str = "fine_chemical", flame: bool = False) -> Recipe:
    """A fine-chemical works."""
    return Recipe(title, code, kind, "fine_chemical", staff, items, open_flame=flame)


def solvent_tanks(substance: str, count: int, volume_m3: float, facility_type: str = "tank_fixed_roof", columns: int = 2) -> Tanks:
    """A small solvent tank group."""
    return Tanks(facility_type, substance, count, volume_m3, columns)


CHEMICAL: dict[str, Recipe] = {
    "olefins": Recipe(
        "石化", "2614", "petrochemical", "petrochemical", 120,
        (
            control_centre(),
            unit("jia", "丙烯精制装置", ("propylene", 46.0), width=110, depth=60),
            unit("jia", "丙烯腈装置", ("acrylonitrile", 60.0), ("propylene", 22.0), width=120, depth=70),
            Building("flare", 0, 0, "高架火炬", zone="flare", grade=None, height_m=80.0,
                     values={"flare_type": "elevated", "may_carry_liquid": True}),
            Tanks("lpg_tank_pressurised", "propylene", 4, 1000, 2, "sphere", 0.85, name_zh="丙烯球罐"),
            Tanks("tank_internal_floating_roof", "acrylonitrile", 4, 1000, 2),
            Tanks("tank_internal_floating_roof", "benzene", 4, 2000, 2),
            rack("汽车装卸站台"),
        ),
        open_flame=True,
    ),
    "methanol_chain": Recipe(
        "甲醇化工", "2614", "petrochemical", "petrochemical", 80,
        (
            control_centre(),
            unit("jia", "甲醇制碳酸二甲酯装置", ("methanol", 55.0), ("dmc", 40.0), width=90, depth=50),
            Tanks("tank_internal_floating_roof", "methanol", 4, 2000, 2),
            Tanks("tank_internal_floating_roof", "dmc", 2, 500, 2),
            rack("甲醇卸车台", unloading=True),
        ),
    ),
    "chlor_alkali": Recipe(
        "氯碱", "2612", "basic_chemical", "general_industry", 90,
        (
            control_centre("氯碱控制楼"),
            unit("jia", "电解装置", ("chlorine", 6.0), ("hydrogen", 0.6), width=95, depth=48),
            Tanks("toxic_liquefied_gas_tank", "chlorine", 4, 50, 4, "horizontal", 0.8, name_zh="液氯储罐"),
            Tanks("hydrogen_storage_vessel", "hydrogen", 2, 100, 2, "horizontal", 1.0, name_zh="氢气罐"),
            warehouse("hazchem_other", "液氯钢瓶库", ("chlorine", 20.0), width=42),
        ),
    ),
    "ammonia": Recipe(
        "合成氨", "2621", "basic_chemical", "general_industry", 85,
        (
            control_centre("合成控制室"),
            unit("yi", "合成氨装置", ("ammonia", 18.0), ("hydrogen", 1.2), width=110, depth=55),
            Tanks("toxic_liquefied_gas_tank", "ammonia", 2, 650, 2, "sphere", 0.85, name_zh="液氨球罐"),
            Building("gas_holder", 32, 32, "合成气气柜", (("hydrogen", 1.5),), "rear", grade=None, height_m=24.0,
                     values={"volume_m3": 5000.0, "storage_form": "wet_holder", "medium": "半水煤气", "gas_heavier_than_air": False}),
        ),
        open_flame=True,
    ),
    "fluorine": fine(
        "氟化学", "2619", 55,
        unit("yi", "氟化氢装置", ("hydrogen_fluoride", 6.0), width=60, depth=36),
        Tanks("toxic_liquefied_gas_tank", "hydrogen_fluoride", 3, 30, 3, "horizontal", 0.8, name_zh="无水氟化氢储罐"),
        warehouse("bing", "氟化盐成品库"),
        kind="basic_chemical",
    ),
    "peroxide": fine(
        "过氧化物", "2619", 40,
        unit("jia", "双氧水装置", ("hydrogen_peroxide", 60.0), ("hydrogen", 0.2), width=64, depth=36),
        Tanks("tank_fixed_roof", "hydrogen_peroxide", 3, 200, 3, values={"fire_hazard_class": "yi"}),
        warehouse("jia_1256", "过氧化物库", ("peroxide", 8.0), width=24),
        kind="basic_chemical",
    ),
    "gases": Recipe(
        "气体", "2619", "other", "general_industry", 22,
        (
            Building("oxygen_holder", 9, 9, "液氧储罐", (("oxygen", 110.0),), "rear", grade=None, height_m=14.0,
                     values={"volume_m3": 100.0, "storage_form": "liquid", "pressure_mpa": 0.8}),
            Tanks("hydrogen_storage_vessel", "hydrogen", 3, 50, 3, "horizontal", 1.0, name_zh="氢气长管罐"),
        ),
    ),
    "pesticide": fine(
        "农化", "2631", 60,
        workshop("jia", "合成车间", ("toluene", 12.0), ("acetone_cyanohydrin", 5.0)),
        workshop("bing", "制剂车间", ("xylene", 4.0)),
        solvent_tanks("toluene", 4, 100),
        Tanks("tank_fixed_roof", "acetone_cyanohydrin", 2, 60, 2),
        warehouse("hazchem_other", "毒害品库", ("sodium_cyanide", 18.0), width=28),
        warehouse("jia_1256", "甲类原料库", ("ethyl_acetate", 9.0)),
    ),
    "epoxy": fine(
        "树脂", "2651", 52,
        workshop("jia", "环氧树脂车间", ("epichlorohydrin", 11.0), ("toluene", 8.0), width=60),
        solvent_tanks("epichlorohydrin", 4, 200),
        warehouse("bing", "树脂成品库", width=54, depth=24),
        rack("原料卸车台", unloading=True),
        flame=True,
    ),
    "acrylic": fine(
        "丙烯酸酯", "2651", 45,
        workshop("jia", "乳液聚合车间", ("butyl_acrylate", 14.0), ("styrene", 9.0), width=54),
        Tanks("tank_fixed_roof", "butyl_acrylate", 4, 150, 2),
        Tanks("tank_fixed_roof", "styrene", 2, 200, 2),
        warehouse("bing", "乳液成品库", width=48),
    ),
    "paint": fine(
        "涂料", "2641", 48,
        workshop("jia", "溶剂型涂料车间", ("xylene", 9.0), ("ethyl_acetate", 6.0)),
        workshop("bing", "水性涂料车间"),
        warehouse("jia_34", "硝化棉库", ("nitrocellulose", 4.5), width=18, depth=12),
        warehouse("jia_1256", "溶剂桶装库", ("xylene", 22.0), ("ethyl_acetate", 16.0)),
        warehouse("bing", "成品库", width=48),
    ),
    "electrolyte": fine(
        "电解液材料", "3985", 38,
        workshop("jia", "电解液配制车间", ("dmc", 15.0), ("lipf6", 3.0)),
        solvent_tanks("dmc", 5, 100),
        warehouse("hazchem_other", "六氟磷酸锂库", ("lipf6", 60.0), width=24),
    ),
    "pharma": fine(
        "药业", "2710", 70,
        workshop("jia", "原料药一车间", ("ethanol", 9.0), ("acetone", 5.0)),
        workshop("jia", "原料药二车间", ("methanol", 7.0), ("thf", 3.0)),
        solvent_tanks("ethanol", 4, 50),
        warehouse("jia_1256", "甲类溶剂库", ("thf", 9.5), ("isopropanol", 8.0)),
        warehouse("bing", "成品与包材库", width=44),
        kind="pharmaceutical",
    ),
    "pharma_small": fine(
        "生物制药", "2720", 46,
        workshop("jia", "提取车间", ("ethanol", 14.0), width=40),
        Tanks("tank_buried", "ethanol", 2, 30, 2, "horizontal"),
        warehouse("bing", "中药材库", width=40),
        kind="pharmaceutical",
    ),
    "additives": fine(
        "助剂", "2661", 34,
        workshop("jia", "助剂合成车间", ("toluene", 6.0), ("isopropanol", 4.0), width=42),
        solvent_tanks("toluene", 4, 60),
        warehouse("jia_1256", "甲类库", ("acetone", 7.0), width=27),
    ),
    "dyes": fine(
        "染料", "2645", 50,
        workshop("yi", "重氮车间", ("dmf", 10.0)),
        Tanks("tank_fixed_roof", "dmf", 2, 100, 2),
        warehouse("yi", "氧化剂库", ("sodium_persulphate", 30.0), width=30),
        warehouse("bing", "染料成品库", ("intermediate_unclassified", 45.0), width=42),
    ),
    "rare_earth": fine(
        "稀土分离", "3232", 66,
        workshop("bing", "萃取一车间", ("kerosene", 60.0), width=72, depth=26),
        workshop("bing", "萃取二车间", ("kerosene", 45.0), width=72, depth=26),
        Tanks("tank_fixed_roof", "kerosene", 2, 100, 2, values={"fire_hazard_class": "yi"}),
        Tanks("toxic_liquefied_gas_tank", "ammonia", 1, 30, 1, "horizontal", 0.8, name_zh="液氨储罐"),
        kind="other",
    ),
    "photoresist": fine(
        "电子化学品", "3985", 32,
        workshop("jia", "光刻胶配制车间", ("ethyl_acetate", 3.0), width=36, depth=20),
        warehouse("jia_1256", "甲类库", ("isopropanol", 6.0), width=24, depth=15),
        warehouse("bing", "恒温成品库", width=30),
    ),
    "adhesive": fine(
        "胶粘剂", "2669", 40,
        workshop("jia", "聚氨酯胶车间", ("tdi", 10.0), ("ethyl_acetate", 8.0), width=44),
        Tanks("tank_fixed_roof", "ethyl_acetate", 4, 50, 2),
        Tanks("tank_fixed_roof", "tdi", 2, 60, 2),
        warehouse("bing", "成品库", width=40),
    ),
    "sodium": fine(
        "催化剂", "2661", 30,
        workshop("jia", "烷氧基钠车间", ("methanol", 6.0), ("sodium", 2.0), width=36, depth=20),
        warehouse("jia_34", "金属钠库", ("sodium", 12.0), width=20, depth=12),
        solvent_tanks("methanol", 3, 60),
    ),
    "hazmat_logistics": Recipe(
        "危化品仓储物流", "5942", "other", "general_industry", 28,
        (
            warehouse("jia_1256", "1号甲类库", ("acetone", 45.0), ("ethanol", 60.0), ("toluene", 55.0), width=42),
            warehouse("jia_1256", "2号甲类库", ("ethyl_acetate", 70.0), ("hexane", 40.0), width=42),
            warehouse("jia_34", "3号甲类库", ("nitrocellulose", 9.0), width=24, depth=14),
            warehouse("yi", "4号乙类库", ("sodium_persulphate", 160.0), width=48),
            warehouse("hazchem_other", "5号毒害品库", ("sodium_cyanide", 40.0), width=30),
            Building("hazmat_vehicle_garage", 44, 16, "危货车辆库", zone="middle", height_m=7.0, values={"vehicle_spaces": 14}),
        ),
    ),
    "riverside": fine(
        "香料", "2684", 44,
        workshop("jia", "合成香料车间", ("toluene", 7.0), ("ethanol", 9.0), width=44),
        solvent_tanks("ethanol", 4, 80),
        warehouse("jia_1256", "甲类库", ("ethanol", 12.0), width=30),
        flame=True,
    ),
    "new_materials": fine(
        "新材料", "2653", 42,
        workshop("jia", "特种单体车间", ("styrene", 12.0), ("hexane", 5.0), width=50),
        Tanks("tank_fixed_roof", "styrene", 4, 120, 2),
        warehouse("bing", "粒料库", width=50, depth=24),
    ),
    "eo_derivatives": fine(
        "表面活性剂", "2662", 50,
        unit("jia", "乙氧基化装置", ("ethylene_oxide", 9.0), width=56, depth=32),
        Tanks("toxic_liquefied_gas_tank", "ethylene_oxide", 2, 60, 2, "horizontal", 0.85, name_zh="环氧乙烷储罐",
              values={"fire_hazard_class": "jia"}),
        warehouse("bing", "成品库", width=46),
    ),
}

INDUSTRIAL: dict[str, Recipe] = {
    "furniture": Recipe("家具", "2110", "other", "general_industry", 180, (
        Building("workshop_jia", 40, 24, "喷漆车间", (("xylene", 1.2),), height_m=9.0, values={"handles_flammable_vapour": True}),
        warehouse("jia_1256", "油漆库", ("xylene", 3.0), width=15, depth=9),
    ), is_hazchem=False, utility_buildings=3),
    "electronics": Recipe("电子科技", "3972", "other", "general_industry", 320, (
        Building("warehouse_jia_1256", 18, 10, "化学品库", (("isopropanol", 4.0),), "rear", height_m=6.0),
    ), is_hazchem=False, utility_buildings=3),
    "machinery": Recipe("精密机械", "3484", "other", "general_industry", 150, (), is_hazchem=False, utility_buildings=3),
    "foundry": Recipe("铜业铸造", "3240", "other", "general_industry", 90, (), is_hazchem=False, utility_buildings=3, open_flame=True),
    "food": Recipe("冷链食品", "1353", "other", "general_industry", 140, (
        Building("ammonia_refrigeration", 24, 14, "氨制冷机房", (("ammonia", 12.0),), height_m=7.0),
    ), is_hazchem=False, utility_buildings=3),
    "textile": Recipe("服装", "1819", "other", "general_industry", 420, (
        warehouse("bing", "面料库", width=50, depth=24),
    ), is_hazchem=False, utility_buildings=3),
    "battery": Recipe("新能源电池", "3841", "other", "general_industry", 260, (
        Building("workshop_bing", 80, 40, "电芯车间", height_m=12.0),
        warehouse("jia_1256", "电解液库", ("dmc", 14.0), width=24, depth=12),
    ), is_hazchem=False, utility_buildings=3),
    "logistics": Recipe("物流", "5990", "other", "general_industry", 60, (
        warehouse("bing", "1号丙类仓", width=96, depth=36),
        warehouse("bing", "2号丙类仓", width=96, depth=36),
    ), is_hazchem=False, utility_buildings=1),
    "magnet": Recipe("永磁材料", "3985", "other", "general_industry", 130, (
        Tanks("hydrogen_storage_vessel", "hydrogen", 2, 20, 2, "horizontal", 1.0, name_zh="氢气储罐"),
    ), is_hazchem=False, utility_buildings=3),
    "plating": Recipe("表面处理", "3360", "other", "general_industry", 80, (
        warehouse("hazchem_other", "剧毒品库", ("sodium_cyanide", 3.0), width=12, depth=8),
    ), is_hazchem=False, utility_buildings=3),
    "plastics": Recipe("塑业", "2929", "other", "general_industry", 70, (
        warehouse("bing", "原料成品库", width=60, depth=24),
    ), is_hazchem=False, utility_buildings=2),
}
