"""Public institutions by the block: which buildings stand in a school, hospital, government or shopping block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """One building or campus in a block.

    Its corner lies (right, up) metres from the block's lower left corner; a width or depth of None reaches to the far
    side of the block, a given one is cut off there. `values` draws the numbers that differ from block to block.
    """

    target_type: str
    name_zh: str
    width_m: float | None
    depth_m: float | None
    storeys: int | None
    right_m: float = 0.0
    up_m: float = 0.0
    values: Callable[[np.random.Generator], Values] = field(default=lambda rng: {})


@dataclass(frozen=True, slots=True)
class Institution:
    """What stands in one block, and what fills the rest of it above `rest_up_m`, or right of `rest_right_m`."""

    pieces: tuple[Piece, ...]
    rest: str | None = None
    rest_right_m: float = 0.0
    rest_up_m: float = 0.0


def _fixed(**values: Any) -> Callable[[np.random.Generator], Values]:
    return lambda rng: dict(values)


def _pupils(rng: np.random.Generator) -> Values:
    pupils = int(rng.integers(700, 2600))
    return {"population": pupils, "floor_area_m2": pupils * 10}


def _beds(low: int, high: int, persons: float, area_m2: int) -> Callable[[np.random.Generator], Values]:
    def draw(rng: np.random.Generator) -> Values:
        beds = int(rng.integers(low, high))
        return {"beds_or_seats": beds, "population": round(beds * persons), "floor_area_m2": beds * area_m2}

    return draw


INSTITUTIONS: dict[str, Institution] = {
    "school": Institution((Piece("school", "学校", 150, None, 5, values=_pupils),), rest="midrise", rest_right_m=166),
    "vocational": Institution(
        (Piece("university", "演示职业技术学院", None, None, 6, values=_fixed(population=5200, floor_area_m2=88000)),)
    ),
    "hospital": Institution((Piece("hospital", "人民医院分院", 170, None, 12, values=_beds(260, 820, 2.0, 95)),)),
    "hospital_small": Institution(
        (
            Piece(
                "hospital", "中心卫生院", 80, 60, 4, values=_fixed(beds_or_seats=60, population=95, floor_area_m2=4600)
            ),
        ),
        rest="old_lowrise",
        rest_up_m=70,
    ),
    "care": Institution(
        (Piece("nursing_home", "颐养院", 70, 44, 4, values=_beds(60, 260, 1.3, 36)),), rest="midrise", rest_up_m=62
    ),
    "government": Institution(
        (
            Piece(
                "government_office",
                "区行政服务中心",
                70,
                24,
                9,
                values=_fixed(administrative_level="county", population=420, floor_area_m2=15120),
            ),
            Piece(
                "library_museum",
                "区图书馆",
                46,
                36,
                4,
                right_m=86,
                values=_fixed(
                    collection_kind="library",
                    administrative_level="county",
                    book_volumes=260000,
                    peak_persons=600,
                    floor_area_m2=6600,
                ),
            ),
            Piece("park_square", "市民广场", None, 60, None, up_m=60, values=_fixed(peak_persons=3200)),
        )
    ),
    "government_small": Institution(
        (
            Piece(
                "government_office",
                "镇人民政府",
                44,
                16,
                4,
                values=_fixed(administrative_level="township", population=76, floor_area_m2=2800),
            ),
        ),
        rest="old_lowrise",
        rest_up_m=34,
    ),
    "mall": Institution(
        (
            Piece(
                "shop_mall",
                "城市广场",
                130,
                95,
                5,
                values=_fixed(floor_area_m2=54300, is_complex=True, shop_floor_area_m2=37000, peak_persons=4200),
            ),
            Piece(
                "entertainment_venue",
                "影城",
                40,
                24,
                3,
                up_m=109,
                values=_fixed(floor_area_m2=2900, peak_persons=1100, beds_or_seats=1150, is_indoor=True),
            ),
        )
    ),
    "market": Institution(
        (
            Piece(
                "market",
                "农贸市场",
                90,
                50,
                2,
                values=_fixed(peak_persons=900, is_indoor=True, floor_area_m2=8200),
            ),
        ),
        rest="shops",
        rest_up_m=70,
    ),
    "culture": Institution(
        (
            Piece(
                "cultural_activity_centre", "青少年宫", 70, 44, 4, values=_fixed(peak_persons=1200, floor_area_m2=9800)
            ),
            Piece(
                "cultural_activity_centre",
                "老年活动中心",
                40,
                22,
                3,
                up_m=62,
                values=_fixed(peak_persons=260, floor_area_m2=2400),
            ),
        ),
        rest="offices",
        rest_up_m=104,
    ),
    "sports": Institution(
        (
            Piece(
                "sports_venue",
                "体育馆",
                84,
                62,
                2,
                values=_fixed(peak_persons=3100, is_indoor=True, floor_area_m2=9600),
            ),
            Piece(
                "sports_venue", "体育场", None, None, None, up_m=76, values=_fixed(peak_persons=5600, is_indoor=False)
            ),
        )
    ),
    "station": Institution(
        (Piece("passenger_station", "汽车客运站", 96, 52, 3, values=_fixed(peak_persons=1300, floor_area_m2=8200)),),
        rest="shops",
        rest_up_m=72,
    ),
    "temple": Institution(
        (
            Piece("religious_site", "古寺", 60, 70, 2, values=_fixed(peak_persons=480, floor_area_m2=1900)),
            Piece(
                "heritage_site",
                "客家宗祠",
                34,
                46,
                1,
                right_m=80,
                values=_fixed(administrative_level="county", peak_persons=220, fire_resistance_grade=4),
            ),
        ),
        rest="park",
        rest_up_m=90,
    ),
    "park": Institution(
        (
            Piece(
                "park_square",
                "街心公园",
                None,
                None,
                None,
                values=lambda rng: {"peak_persons": int(rng.integers(200, 1800))},
            ),
        )
    ),
}
