"""A store with a small town in it."""

from __future__ import annotations

import pytest
import shapely
from small_town import frame, put, square

from gisrisk.store import Store


@pytest.fixture
def town(fresh_store: Store) -> Store:
    """Two counties, one site and source in each, one inventory row for each source."""
    counties = [
        {"code": "320101", "name": "西县", "level": "county"},
        {"code": "320102", "name": "东县", "level": "county"},
    ]
    put(fresh_store, "admin_area", frame(counties, [square(118.0, 31.5, 1.0), square(119.0, 31.5, 1.0)]))
    put(fresh_store, "park", frame([{"code": "P1", "name": "园区"}], [square(118.4, 31.9, 0.3)]))
    two = [{"code": "S1", "name": "西厂", "park_code": "P1"}, {"code": "S2", "name": "东厂", "park_code": None}]
    put(fresh_store, "enterprise_site", frame(two, [square(118.5, 32.0), square(119.5, 32.0)]))
    tanks = [
        {"code": "T1", "name": "液氨罐", "site_code": "S1", "facility_type": "storage_tank"},
        {"code": "T2", "name": "液氯库", "site_code": "S2", "facility_type": "storage_tank"},
    ]
    put(fresh_store, "hazard_source", frame(tanks, [shapely.Point(118.505, 32.005), shapely.Point(119.505, 32.005)]))
    held = [
        {"source_code": "T1", "substance": "氨", "cas": "7664-41-7", "quantity_t": 40.0},
        {"source_code": "T2", "substance": "氯", "cas": None, "quantity_t": 5.0},
    ]
    put(fresh_store, "inventory", frame(held))
    return fresh_store
