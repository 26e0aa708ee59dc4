"""Built-up districts: streets, blocks between them, and what fills each block (housing, shops, schools, offices)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from gisrisk.demo.board import Frame, Occupied, Sheet
from gisrisk.demo.names import Names
from gisrisk.demo.targets import TargetWriter

PERSONS_PER_HOUSEHOLD = 2.9
FLAT_M2 = 108.0


@dataclass(frozen=True, slots=True)
class District:
    """A built-up area: its frame and size [m], its street spacing [m], the mix of uses, and what must be in it."""

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
    "DEMO-D-01", "水东城北片区(演示)", Frame(-2760.0, 980.0, 11.0, -13500.0), 3600.0, 2250.0, (205.0, 300.0),
    {"midrise": 0.50, "highrise": 0.17, "old_lowrise": 0.10, "shops": 0.08, "offices": 0.06, "park": 0.05, "market": 0.02, "vacant": 0.02},
    ("hospital", "hospital", "school", "school", "school", "school", "school", "school", "vocational", "government", "mall", "mall",
     "culture", "sports", "station", "temple", "care", "care", "market", "park", "park"),
    trunk_columns=(7,), trunk_rows=(4,),
    left_out=((0, 0), (1, 0), (0, 1), (0, 8), (1, 8), (13, 8), (12, 8), (13, 0), (13, 1), (11, 8), (13, 7)),
)
NEW_TOWN = District(
    "DEMO-D-02", "高新生活片区(演示)", Frame(4560.0, -1080.0, 18.0), 1500.0, 1250.0, (220.0, 330.0),
    {"highrise": 0.42, "midrise": 0.24, "offices": 0.10, "park": 0.08, "shops": 0.06, "vacant": 0.10},
    ("school", "school", "hospital", "mall", "government", "dormitories", "dormitories", "park"), trunk_rows=(2,),
    left_out=((0, 4), (5, 0), (5, 4)),
)
MARKET_TOWN = District(
    "DEMO-D-03", "沙石演示镇区", Frame(-6350.0, 980.0, -22.0), 1120.0, 820.0, (150.0, 210.0),
    {"old_lowrise": 0.45, "midrise": 0.30, "shops": 0.15, "vacant": 0.10},
    ("school", "hospital_small", "government_small", "market", "care"), left_out=((0, 0), (5, 4), (5, 3)),
)
DISTRICTS = (OLD_TOWN, NEW_TOWN, MARKET_TOWN)


class DistrictBuilder:
    """Fills one district; every building is dropped that would stand on taken ground."""

    def __init__(
        self, district: District, writer: TargetWriter, occupied: Occupied, names: Names, rng: np.random.Generator
    ) -> None:
        self.district, self.writer, self.occupied, self.names, self.rng = district, writer, occupied, names, rng
        self.uses: dict[str, Callable[[float, float, float, float], None]] = {
            "midrise": self.midrise, "highrise": self.highrise, "old_lowrise": self.old_lowrise, "shops": self.shops,
            "offices": self.offices, "park": self.park, "market": self.market, "vacant": self.vacant, "school": self.school,
            "vocational": self.vocational, "hospital": self.hospital, "hospital_small": self.hospital_small, "mall": self.mall,
            "government": self.government, "government_small": self.government_small, "culture": self.culture,
            "sports": self.sports, "station": self.station, "temple": self.temple, "care": self.care, "dormitories": self.dormitories,
        }

    # -- streets and blocks -------------------------------------------------------------------------------------

    def build(self, sheet: Sheet) -> int:
        """Streets, blocks and buildings; returns the residents."""
        d = self.district
        before = len(self.writer.residents)
        x, y = self._cuts(d.width_m), self._cuts(d.height_m)
        ground = shapely.union_all([
            shapely.box(x0, y0, x1, y1)
            for i, (x0, x1) in enumerate(pairwise(x)) for j, (y0, y1) in enumerate(pairwise(y)) if (i, j) not in d.left_out
        ])
        self._streets(x, y, ground, sheet)
        blocks = [
            (x0 + self._half(i, d.trunk_columns), y0 + self._half(j, d.trunk_rows),
             x1 - self._half(i + 1, d.trunk_columns), y1 - self._half(j + 1, d.trunk_rows))
            for i, (x0, x1) in enumerate(pairwise(x)) for j, (y0, y1) in enumerate(pairwise(y)) if (i, j) not in d.left_out
        ]
        free = self.rng.choice(list(d.mix), size=len(blocks), p=np.array(list(d.mix.values())) / sum(d.mix.values()))
        order = self.rng.permutation(len(blocks))
        plan = [str(use) for use in free]
        usable = [b for b in order if self.occupied.is_free(d.frame.draw(shapely.box(*blocks[b])))]
        for use, b in zip(d.required, usable, strict=False):
            plan[int(b)] = use
        for use, block in zip(plan, blocks, strict=True):
            self.uses[use](*block)
        residents = sum(persons for _, persons in self.writer.residents[before:])
        sheet.add(
            "dense_area", d.frame.draw(shapely.segmentize(ground.buffer(12, join_style="mitre"), 60.0)), code=d.code, name=d.name, population=residents,
            basis="演示: 区内住宅常住人口合计", is_built_up=True, position_source="synthetic", position_uncertainty_m=5.0,
        )
        return residents

    def _streets(self, x: np.ndarray, y: np.ndarray, ground: shapely.Polygon, sheet: Sheet) -> None:
        d = self.district
        for axis, cuts, other, trunks in (("纵", x, y, d.trunk_columns), ("横", y, x, d.trunk_rows)):
            for i, c in enumerate(cuts):
                ends = [(c, other[0]), (c, other[-1])] if axis == "纵" else [(other[0], c), (other[-1], c)]
                grade, wide = (
                    ("urban_trunk", 26.0) if i in trunks else ("urban_secondary", 16.0) if i % 2 == 0 else ("urban_branch", 9.0)
                )
                kept = shapely.line_merge(shapely.LineString(ends).intersection(ground))
                parts = [part for part in getattr(kept, "geoms", [kept]) if part.length > 1]
                for number, part in enumerate(parts):
                    sheet.add(
                        "linear_feature", d.frame.line(list(part.coords)),
                        code=f"DEMO-L-{d.code[-2:]}{'V' if axis == '纵' else 'H'}{i:02d}{'abc'[number]}",
                        name=f"{d.name.removesuffix('(演示)')}{axis}{i + 1}路(演示)", kind="road", grade=grade, width_m=wide,
                        position_source="synthetic", position_uncertainty_m=1.0,
                    )

    def _cuts(self, length: float) -> np.ndarray:
        low, high = self.district.spacing_m
        count = round(length / ((low + high) / 2))
        steps = self.rng.uniform(low, high, count)
        return np.concatenate([[0.0], np.cumsum(steps) * length / steps.sum()]).round(1)

    @staticmethod
    def _half(index: int, trunks: tuple[int, ...]) -> float:
        """Street centre to building line: half the street, footway and green strip [m]."""
        return 30.0 if index in trunks else 21.0 if index % 2 == 0 else 15.0

    def _place(self, x: float, y: float, w: float, h: float, target_type: str, name: str, storeys: int | None = None, **values: object) -> bool:
        shape = self.district.frame.box(round(x, 2), round(y, 2), round(w, 2), round(h, 2))
        if not self.occupied.is_free(shape):
            return False
        self.occupied.take(shape)
        self.writer.add(shape, target_type, name, storeys, **values)
        return True

    # -- homes --------------------------------------------------------------------------------------------------

    def _home(self, x: float, y: float, w: float, h: float, storeys: int, name: str) -> None:
        area = round(w * h * storeys)
        households = max(2, round(area * 0.93 / FLAT_M2))
        people = round(households * PERSONS_PER_HOUSEHOLD * self.rng.uniform(0.85, 1.1))
        self._place(x, y, w, h, "residential_building", name, storeys, floor_area_m2=area, households=households, population=people)

    def midrise(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Rows of six-storey slabs facing south, shops along one street, often a kindergarten."""
        name = self.names.quarter()
        y0 = self._street_front(x0, y0, x1)
        if self.rng.random() < 0.3:
            self._kindergarten(x1 - 62, y1 - 46, name)
        depth, pitch = 13.0, float(self.rng.uniform(29, 36))
        number = 0
        for y in np.arange(y0, y1 - depth, pitch):
            x = x0 + float(self.rng.uniform(0, 6))
            while x < x1 - 36:
                length = float(self.rng.choice([34.0, 48.0, 62.0]))
                length = min(length, x1 - x)
                number += 1
                self._home(x, float(y), length, depth, int(self.rng.choice([5, 6, 6, 6, 7])), f"{name}{number}栋")
                x += length + float(self.rng.uniform(9, 16))

    def highrise(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Point towers in a garden with a two-storey shop row at the street."""
        name = self.names.quarter()
        y0 = self._street_front(x0, y0, x1)
        self._kindergarten(x0 + 2, y1 - 44, name)
        number = 0
        for row, y in enumerate(np.arange(y0 + 6, y1 - 20, 58.0)):
            for x in np.arange(x0 + (14 if row % 2 else 0), x1 - 32, 52.0):
                number += 1
                self._home(float(x), float(y), 31.0, 17.0, int(self.rng.integers(16, 29)), f"{name}{number}栋")

    def old_lowrise(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """An old quarter of two- and three-storey houses, sized as one whole, with shops and a clinic."""
        name = self.names.quarter().replace("公馆", "老街").replace("名都", "老街")
        y0 = self._street_front(x0, y0, x1)
        w, h = x1 - x0, y1 - y0 - 4
        households = round(w * h * 0.34 * 2.2 / 150)
        self._place(x0, y0, w, h, "residential_quarter", f"{name}片", 3, households=households,
                    population=round(households * 3.1), largest_building_floor_area_m2=420.0)

    def dormitories(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Staff dormitories of the park."""
        for number, y in enumerate(np.arange(y0, y1 - 15, 30.0), start=1):
            w = min(70.0, x1 - x0)
            self._place(x0 + 8, float(y), w, 14.0, "staff_dormitory", f"人才公寓{number}号楼", 6, floor_area_m2=round(w * 84),
                        population=round(w * 84 / 26), households=round(w * 84 / 60))

    # -- everyday services --------------------------------------------------------------------------------------

    def _street_front(self, x0: float, y0: float, x1: float) -> float:
        """A broken row of small buildings along the lower street; returns where the block behind starts."""
        if self.rng.random() < 0.35:
            return y0
        x = x0
        while x < x1 - 30:
            w = float(self.rng.uniform(24, 52))
            w = min(w, x1 - x)
            roll = self.rng.random()
            storeys = int(self.rng.choice([1, 2, 2, 3]))
            area = round(w * 12 * storeys)
            if roll < 0.72:
                self._place(x, y0, w, 12, "shop_mall", f"临街商铺{self.writer.number}", storeys, floor_area_m2=area, is_complex=False)
            elif roll < 0.78:
                self._place(x, y0, w, 12, "hotel", f"便捷旅馆{self.writer.number}", 4, floor_area_m2=round(w * 48), beds_or_seats=round(w * 1.6))
            elif roll < 0.84:
                self._place(x, y0, w, 12, "clinic", f"社区卫生站{self.writer.number}", 2, floor_area_m2=round(w * 24), population=12)
            elif roll < 0.89:
                self._place(x, y0, w, 12, "utility_outlet", f"营业厅{self.writer.number}", 2, floor_area_m2=round(w * 24), population=15)
            elif roll < 0.94:
                self._place(x, y0, w, 12, "training_institution", f"培训学校{self.writer.number}", 3, floor_area_m2=round(w * 36), population=round(w * 2.4))
            x += w + float(self.rng.uniform(4, 12))
        return y0 + 30.0

    def _kindergarten(self, x: float, y: float, name: str) -> None:
        children = int(self.rng.integers(110, 330))
        self._place(x, y, 58, 42, "kindergarten", f"{name}幼儿园", 3, population=children, floor_area_m2=children * 9)

    def shops(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A shopping block: mid-size shops, eating houses, a hotel, a parking place."""
        for y in np.arange(y0, y1 - 22, 46.0):
            x = x0
            while x < x1 - 26:
                w = float(self.rng.uniform(26, 60))
                w = min(w, x1 - x)
                storeys = int(self.rng.integers(2, 6))
                self._place(x, float(y), w, 22, "shop_mall", f"商业楼{self.writer.number}", storeys, floor_area_m2=round(w * 22 * storeys), is_complex=False)
                x += w + 10
        self._place(x0, y1 - 18, 60, 16, "parking", f"停车场{self.writer.number}", None, vehicle_spaces=48, is_indoor=False)

    def offices(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Office towers with a hotel among them."""
        for row, y in enumerate(np.arange(y0, y1 - 26, 62.0)):
            for x in np.arange(x0, x1 - 40, 66.0):
                storeys = int(self.rng.integers(6, 24))
                area = round(40 * 26 * storeys)
                if row == 0 and x == x0:
                    self._place(float(x), float(y), 40, 26, "hotel", f"大酒店{self.writer.number}", storeys, floor_area_m2=area, beds_or_seats=storeys * 22)
                else:
                    self._place(float(x), float(y), 40, 26, "business_office", f"商务楼{self.writer.number}", storeys, floor_area_m2=area, population=round(area / 24), office_kind="other")

    def market(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A covered market with shops behind."""
        self._place(x0, y0, min(90.0, x1 - x0), 50, "market", "农贸市场", 2, peak_persons=900, is_indoor=True, floor_area_m2=8200)
        self.shops(x0, y0 + 70, x1, y1)

    def mall(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A large shopping complex."""
        w, h = min(130.0, x1 - x0), min(95.0, y1 - y0)
        self._place(x0, y0, w, h, "shop_mall", "城市广场", 5, floor_area_m2=round(w * h * 4.4), is_complex=True, shop_floor_area_m2=round(w * h * 3), peak_persons=4200)
        self._place(x0, y0 + h + 14, 40, 24, "entertainment_venue", "影城", 3, floor_area_m2=2900, peak_persons=1100, beds_or_seats=1150, is_indoor=True)

    def park(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A public garden."""
        self._place(x0, y0, x1 - x0, y1 - y0, "park_square", f"街心公园{self.writer.number}", None, peak_persons=int(self.rng.integers(200, 1800)))

    def vacant(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Land kept free: a car park at most."""
        if self.rng.random() < 0.5:
            self._place(x0, y0, min(80.0, x1 - x0), 40, "parking", f"临时停车场{self.writer.number}", None, vehicle_spaces=110, is_indoor=False)

    # -- public institutions ------------------------------------------------------------------------------------

    def school(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A primary or secondary school drawn along its fence, homes beside it."""
        pupils = int(self.rng.integers(700, 2600))
        w = min(150.0, x1 - x0)
        self._place(x0, y0, w, y1 - y0, "school", f"第{self.writer.number % 17 + 1}学校", 5, population=pupils, floor_area_m2=pupils * 10)
        if x1 - x0 - w > 55:
            self.midrise(x0 + w + 16, y0, x1, y1)

    def vocational(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A vocational college."""
        self._place(x0, y0, x1 - x0, y1 - y0, "university", "演示职业技术学院", 6, population=5200, floor_area_m2=88000)

    def hospital(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A general hospital."""
        beds = int(self.rng.integers(260, 820))
        self._place(x0, y0, min(170.0, x1 - x0), y1 - y0, "hospital", "人民医院分院", 12, beds_or_seats=beds, population=beds * 2, floor_area_m2=beds * 95)

    def hospital_small(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A township health centre."""
        self._place(x0, y0, 80, 60, "hospital", "中心卫生院", 4, beds_or_seats=60, population=95, floor_area_m2=4600)
        self.old_lowrise(x0, y0 + 70, x1, y1)

    def care(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A home for the elderly, homes around it."""
        beds = int(self.rng.integers(60, 260))
        self._place(x0, y0, 70, 44, "nursing_home", "颐养院", 4, beds_or_seats=beds, population=round(beds * 1.3), floor_area_m2=beds * 36)
        self.midrise(x0, y0 + 62, x1, y1)

    def government(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """District offices, a library and a square."""
        self._place(x0, y0, 70, 24, "government_office", "区行政服务中心", 9, administrative_level="county", population=420, floor_area_m2=15120)
        self._place(x0 + 86, y0, 46, 36, "library_museum", "区图书馆", 4, collection_kind="library", administrative_level="county", book_volumes=260000, peak_persons=600, floor_area_m2=6600)
        self._place(x0, y0 + 60, x1 - x0, 60, "park_square", "市民广场", None, peak_persons=3200)

    def government_small(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A township government."""
        self._place(x0, y0, 44, 16, "government_office", "镇人民政府", 4, administrative_level="township", population=76, floor_area_m2=2800)
        self.old_lowrise(x0, y0 + 34, x1, y1)

    def culture(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A youth palace and an activity centre."""
        self._place(x0, y0, 70, 44, "cultural_activity_centre", "青少年宫", 4, peak_persons=1200, floor_area_m2=9800)
        self._place(x0, y0 + 62, 40, 22, "cultural_activity_centre", "老年活动中心", 3, peak_persons=260, floor_area_m2=2400)

    def sports(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A sports hall and an open stadium."""
        self._place(x0, y0, 84, 62, "sports_venue", "体育馆", 2, peak_persons=3100, is_indoor=True, floor_area_m2=9600)
        self._place(x0, y0 + 76, x1 - x0, max(40.0, y1 - y0 - 80), "sports_venue", "体育场", None, peak_persons=5600, is_indoor=False)

    def station(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A coach station."""
        self._place(x0, y0, 96, 52, "passenger_station", "汽车客运站", 3, peak_persons=1300, floor_area_m2=8200)

    def temple(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A temple and a listed ancestral hall."""
        self._place(x0, y0, 60, 70, "religious_site", "古寺", 2, peak_persons=480, floor_area_m2=1900)
        self._place(x0 + 80, y0, 34, 46, "heritage_site", "客家宗祠", 1, administrative_level="county", peak_persons=220, fire_resistance_grade=4)
