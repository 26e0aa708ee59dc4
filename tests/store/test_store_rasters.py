"""Rasters: checked against their layer, kept once, found as of a moment."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rio_cogeo import cog_validate  # type: ignore[import-untyped]

from gisrisk.errors import InputRefused, StoreUnavailable
from gisrisk.store import Store


def tiff(path: Path, values: Any, **options: Any) -> Path:
    values = np.asarray(values)
    profile = {
        "driver": "GTiff",
        "width": values.shape[-1],
        "height": values.shape[-2],
        "count": values.shape[0] if values.ndim == 3 else 1,
        "dtype": values.dtype,
        "crs": "EPSG:4490",
        "transform": from_origin(118.0, 33.0, 0.01, 0.01),
    } | options
    with rasterio.open(path, "w", **{key: value for key, value in profile.items() if value is not None}) as file:
        file.write(values if values.ndim == 3 else values[None])
    return path


def test_people_are_counted_and_the_file_is_kept_under_its_hash(fresh_store: Store, tmp_path: Path) -> None:
    people = np.full((700, 900), 0.5, dtype=np.float32)
    people[:10] = -9999
    people[10, 10] = np.nan
    source = tiff(tmp_path / "people.tif", people, nodata=-9999)
    record = fresh_store.register_raster("population", source, position_source="synthetic", note="test")
    # 690 rows of 900 cells of half a person, but one cell is unknown
    assert record.cells == 690 * 900 - 1
    assert record.total == (690 * 900 - 1) * 0.5
    assert (record.lowest, record.highest, record.width, record.height) == (0.5, 0.5, 900, 700)
    assert record.path == fresh_store.data_dir / "rasters" / f"{record.sha256}.tif"
    assert hashlib.sha256(record.path.read_bytes()).hexdigest() == record.sha256
    assert cog_validate(str(record.path), quiet=True)[0]  # judged by rio-cogeo, not by us
    with rasterio.open(record.path) as kept, rasterio.open(source) as given:
        assert np.array_equal(kept.read(), given.read(), equal_nan=True)
        assert (kept.crs, kept.transform, kept.nodata) == (given.crs, given.transform, -9999)
    assert fresh_store.raster("population") == record
    assert fresh_store.last_recorded_at() == record.recorded_at
    assert fresh_store.layer_counts()["population"] == 1
    assert sorted(file.name for file in record.path.parent.iterdir()) == [record.path.name]


def test_same_file_again_is_the_same_record_and_a_new_one_follows_it(fresh_store: Store, tmp_path: Path) -> None:
    one = tiff(tmp_path / "one.tif", np.ones((20, 20), dtype=np.uint16))
    two = tiff(tmp_path / "two.tif", np.full((20, 20), 2, dtype=np.uint16))
    first = fresh_store.register_raster("population", one)
    assert fresh_store.register_raster("population", one) == first
    second = fresh_store.register_raster("population", two)
    assert second.recorded_at > first.recorded_at
    assert fresh_store.raster("population") == second
    assert fresh_store.raster("population", as_of=first.recorded_at) == first
    assert fresh_store.raster("population", as_of="2001-01-01") is None
    third = fresh_store.register_raster("population", one)  # going back is a new record of an old file
    assert (third.sha256, third.raster_id != first.raster_id) == (first.sha256, True)


def test_cog_is_kept_byte_for_byte(fresh_store: Store, tmp_path: Path) -> None:
    import rasterio.shutil

    plain = tiff(tmp_path / "plain.tif", np.ones((600, 600), dtype=np.float32))
    rasterio.shutil.copy(plain, tmp_path / "cog.tif", driver="COG")
    record = fresh_store.register_raster("population", tmp_path / "cog.tif")
    assert record.path.read_bytes() == (tmp_path / "cog.tif").read_bytes()
    assert record.sha256 == record.source_sha256


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        (np.full((5, 5), -9999.0), {}, "smallest value is -9999"),
        (np.full((5, 5), -9999.0), {"nodata": -9999.0}, "no cell has a value"),
        (np.ones((5, 5)), {"crs": None}, "no coordinate system"),
        (np.ones((5, 5)), {"transform": None}, "no georeference"),
        (np.ones((2, 5, 5)), {}, "2 bands"),
        (np.full((5, 5), np.inf), {}, "largest value is inf"),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_raster_that_would_give_wrong_sums_is_refused(
    fresh_store: Store, tmp_path: Path, values: Any, options: dict[str, Any], says: str
) -> None:
    source = tiff(tmp_path / "bad.tif", values, **options)
    with pytest.raises(InputRefused, match=says):
        fresh_store.register_raster("population", source)
    assert fresh_store.raster("population") is None
    assert not (fresh_store.data_dir / "rasters").exists()


def test_file_that_is_no_raster_is_refused(fresh_store: Store, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(InputRefused, match="cannot be read as a raster"):
        fresh_store.register_raster("population", tmp_path / "note.txt")
    with pytest.raises(InputRefused, match="no such file"):
        fresh_store.register_raster("population", tmp_path / "absent.tif")


def test_lost_file_is_said_not_skipped(fresh_store: Store, tmp_path: Path) -> None:
    record = fresh_store.register_raster("population", tiff(tmp_path / "one.tif", np.ones((9, 9))))
    record.path.unlink()
    with pytest.raises(StoreUnavailable, match=r"is missing.*one\.tif"):
        fresh_store.raster("population")
    assert fresh_store.register_raster(
        "population", tmp_path / "one.tif"
    ).path.is_file()  # and importing it again helps
