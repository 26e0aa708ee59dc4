"""Kinds of enterprise in the industrial park: little or no chemistry, a paint store here, an ammonia chiller there."""

from __future__ import annotations

from gisrisk.demo.recipes import Building, Recipe, Tanks, warehouse

INDUSTRIAL: dict[str, Recipe] = {
    "furniture": Recipe(
        "家具",
        "2110",
        "other",
        "general_industry",
        180,
        (
            Building(
                "workshop_jia",
                40,
                24,
                "喷漆车间",
                (("xylene", 1.2),),
                height_m=9.0,
                values={"handles_flammable_vapour": True},
            ),
            warehouse("jia_1256", "油漆库", ("xylene", 3.0), width=15, depth=9),
        ),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "electronics": Recipe(
        "电子科技",
        "3972",
        "other",
        "general_industry",
        320,
        (Building("warehouse_jia_1256", 18, 10, "化学品库", (("isopropanol", 4.0),), "rear", height_m=6.0),),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "machinery": Recipe(
        "精密机械", "3484", "other", "general_industry", 150, (), is_hazchem=False, utility_buildings=3
    ),
    "foundry": Recipe(
        "铜业铸造", "3240", "other", "general_industry", 90, (), is_hazchem=False, utility_buildings=3, open_flame=True
    ),
    "food": Recipe(
        "冷链食品",
        "1353",
        "other",
        "general_industry",
        140,
        (Building("ammonia_refrigeration", 24, 14, "氨制冷机房", (("ammonia", 12.0),), height_m=7.0),),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "textile": Recipe(
        "服装",
        "1819",
        "other",
        "general_industry",
        420,
        (warehouse("bing", "面料库", ("goods", 120.0), width=50, depth=24),),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "battery": Recipe(
        "新能源电池",
        "3841",
        "other",
        "general_industry",
        260,
        (
            Building("workshop_bing", 80, 40, "电芯车间", (("goods", 40.0),), height_m=12.0),
            warehouse("jia_1256", "电解液库", ("dmc", 14.0), width=24, depth=12),
        ),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "logistics": Recipe(
        "物流",
        "5990",
        "other",
        "general_industry",
        60,
        (
            warehouse("bing", "1号丙类仓", ("goods", 120.0), width=96, depth=36),
            warehouse("bing", "2号丙类仓", ("goods", 120.0), width=96, depth=36),
        ),
        is_hazchem=False,
        utility_buildings=1,
    ),
    "magnet": Recipe(
        "永磁材料",
        "3985",
        "other",
        "general_industry",
        130,
        (Tanks("hydrogen_storage_vessel", "hydrogen", 2, 20, 2, "horizontal", 1.0, name_zh="氢气储罐"),),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "plating": Recipe(
        "表面处理",
        "3360",
        "other",
        "general_industry",
        80,
        (warehouse("hazchem_other", "剧毒品库", ("sodium_cyanide", 3.0), width=12, depth=8),),
        is_hazchem=False,
        utility_buildings=3,
    ),
    "plastics": Recipe(
        "塑业",
        "2929",
        "other",
        "general_industry",
        70,
        (warehouse("bing", "原料成品库", ("goods", 120.0), width=60, depth=24),),
        is_hazchem=False,
        utility_buildings=2,
    ),
}
