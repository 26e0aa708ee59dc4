"""The three built-up districts on paper: where each lies, how wide its blocks are, what it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from gisrisk.demo.board import Frame


@dataclass(frozen=True, slots=True)
class District:
    """A built-up area.

    Attributes
    ----------
    frame, width_m, height_m : Frame, float, float
        Its axes and size.
    spacing_m : (float, float)
        Least and largest distance between two streets.
    mix : dict
        Use of a block -> its weight.
    required : tuple of str
        Uses that must occur, one block each.
    trunk_columns, trunk_rows : tuple of int
        Streets that are main roads, counted from the lower left.
    left_out : tuple of (column, row)
        Blocks at the rim that are open country.
    """

    code: str
    name: str
    frame: Frame
    width_m: float
    height_m: float
    spacing_m: tuple[float, float]
    mix: dict[str, float]
    required: tuple[str, ...]
    trunk_columns: tuple[int, ...] = ()
    trunk_rows: tuple[int, ...] = ()
    left_out: tuple[tuple[int, int], ...] = ()


OLD_TOWN = District(
    code="DEMO-D-01",
    name="水东城北片区(演示)",
    frame=Frame(-2760.0, 980.0, 11.0, -13500.0),
    width_m=3600.0,
    height_m=2250.0,
    spacing_m=(205.0, 300.0),
    mix={
        "midrise": 0.50,
        "highrise": 0.17,
        "old_lowrise": 0.10,
        "shops": 0.08,
        "offices": 0.06,
        "park": 0.05,
        "market": 0.02,
        "vacant": 0.02,
    },
    required=(
        *["hospital"] * 2,
        *["school"] * 6,
        *["vocational", "government", "mall", "mall", "culture", "sports", "station", "temple"],
        *["care", "care", "market", "park", "park"],
    ),
    trunk_columns=(7,),
    trunk_rows=(4,),
    left_out=((0, 0), (1, 0), (0, 1), (0, 8), (1, 8), (13, 8), (12, 8), (13, 0), (13, 1), (11, 8), (13, 7)),
)
NEW_TOWN = District(
    code="DEMO-D-02",
    name="高新生活片区(演示)",
    frame=Frame(4560.0, -1080.0, 18.0),
    width_m=1500.0,
    height_m=1250.0,
    spacing_m=(220.0, 330.0),
    mix={"highrise": 0.42, "midrise": 0.24, "offices": 0.10, "park": 0.08, "shops": 0.06, "vacant": 0.10},
    required=("school", "school", "hospital", "mall", "government", "dormitories", "dormitories", "park"),
    trunk_rows=(2,),
    left_out=((0, 4), (5, 0), (5, 4)),
)
MARKET_TOWN = District(
    code="DEMO-D-03",
    name="沙石演示镇区",
    frame=Frame(-6350.0, 980.0, -22.0),
    width_m=1120.0,
    height_m=820.0,
    spacing_m=(150.0, 210.0),
    mix={"old_lowrise": 0.45, "midrise": 0.30, "shops": 0.15, "vacant": 0.10},
    required=("school", "hospital_small", "government_small", "market", "care"),
    left_out=((0, 0), (5, 4), (5, 3)),
)
DISTRICTS = (OLD_TOWN, NEW_TOWN, MARKET_TOWN)
