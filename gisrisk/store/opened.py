"""The open store: one object with everything a study, the server and the command line ask of PostGIS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from gisrisk import settings
from gisrisk.store import database

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import sqlalchemy as sa
    from shapely.geometry.base import BaseGeometry

    from gisrisk.store.query import Area, Moment
    from gisrisk.store.rasters import RasterRecord
    from gisrisk.store.writing import BatchReport


class Store:
    """An open store. Safe to share between threads; use it as a context manager or call `close()`.

    Attributes
    ----------
    engine : sqlalchemy.Engine
        Connections with search path `gisrisk, public` and times in UTC.
    data_dir : Path
        Folder that holds the raster files.
    """

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self.engine = engine
        self.data_dir = data_dir

    @property
    def url(self) -> str:
        """URL of the database as psql, QGIS and `open_store` take it, password included."""
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def read(
        self,
        layer: str,
        *,
        area: Area | None = None,
        as_of: Moment | None = None,
        bbox: tuple[float, float, float, float] | None = None,
        only: Mapping[str, Collection[str]] | None = None,
    ) -> gpd.GeoDataFrame | pd.DataFrame:
        """Rows of a layer now or at a moment; see `gisrisk.store.query.read`."""
        from gisrisk.store import query

        return query.read(self.engine, layer, area=area, as_of=as_of, bbox=bbox, only=only)

    def write_batch(
        self,
        layer: str,
        frame: pd.DataFrame,
        *,
        file: str,
        sha256: str,
        note: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> BatchReport:
        """Store rows as revisions, all or nothing; see `gisrisk.store.writing.write_batch`."""
        from gisrisk.store import writing

        return writing.write_batch(self.engine, layer, frame, file=file, sha256=sha256, note=note, progress=progress)

    def area_geometry(self, code: str, as_of: Moment | None = None) -> tuple[BaseGeometry, str, str]:
        """Geometry, name and layer of an admin area or park; see `gisrisk.store.query.area_geometry`."""
        from gisrisk.store import query

        return query.area_geometry(self.engine, code, as_of)

    def last_recorded_at(self) -> datetime | None:
        """Moment of the newest change of the layers: the default `as_of` of a study; None for an empty store."""
        from gisrisk.store import query

        return query.last_recorded_at(self.engine)

    def layers_with_rows(self, as_of: Moment | None = None) -> set[str]:
        """Names of the layers and tables that hold at least one row, now or at a moment."""
        from gisrisk.store import query

        return query.layers_with_rows(self.engine, as_of)

    def layer_counts(self) -> dict[str, int]:
        """Number of rows of each layer that hold now; 1 or 0 for a raster layer."""
        from gisrisk.store import query

        return query.layer_counts(self.engine)

    def register_raster(
        self, layer: str, path: Path | str, *, position_source: str = "unknown", note: str = ""
    ) -> RasterRecord:
        """Check, keep and enter a raster; see `gisrisk.store.rasters.register_raster`."""
        from gisrisk.store import rasters

        return rasters.register_raster(
            self.engine, self.data_dir, layer, path, position_source=position_source, note=note
        )

    def raster(self, layer: str, as_of: Moment | None = None) -> RasterRecord | None:
        """The raster of a layer now or at a moment; None when there is none."""
        from gisrisk.store import rasters

        return rasters.raster(self.engine, self.data_dir, layer, as_of)

    def save_study(self, study_row: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> bool:
        """Write a study once; False when it is there already; see `gisrisk.store.studies.save_study`."""
        from gisrisk.store import studies

        return studies.save_study(self.engine, study_row, tables)

    def study(self, study_id: str) -> dict[str, Any]:
        """One study's row, with `geometry`."""
        from gisrisk.store import studies

        return studies.study(self.engine, study_id)

    def latest_study(self, area: str | None = None) -> dict[str, Any] | None:
        """The row of the study written last, of one area or of any; None when there is none."""
        from gisrisk.store import studies

        return studies.latest_study(self.engine, area)

    def read_result(self, table: str, study_id: str) -> gpd.GeoDataFrame:
        """Rows of one result table of a study, in the order saved."""
        from gisrisk.store import studies

        return studies.read_result(self.engine, table, study_id)

    def save_verdict(self, row: Mapping[str, Any]) -> bool:
        """Write a verdict once; False when it is there already; see `gisrisk.store.verdicts.save_verdict`."""
        from gisrisk.store import verdicts

        return verdicts.save_verdict(self.engine, row)

    def verdict(self, reference: str) -> dict[str, Any]:
        """One saved verdict by its reference number."""
        from gisrisk.store import verdicts

        return verdicts.verdict(self.engine, reference)

    def verdicts(self, limit: int = 100) -> list[dict[str, Any]]:
        """The verdicts saved last, without their documents."""
        from gisrisk.store import verdicts

        return verdicts.verdicts(self.engine, limit)

    def close(self) -> None:
        """Close the connections; a private cluster goes on running."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str | None = None, *, data_dir: Path | None = None) -> Store:
    """Open the store: starts the private cluster if needed and brings the tables up to date.

    Parameters
    ----------
    url : str, optional
        `postgresql://...` of a server with PostGIS; default: the setting `database_url`, else the private cluster.
    data_dir : Path, optional
        Folder of raster files and of the private cluster; default: the setting `data_dir`.

    Raises
    ------
    StoreUnavailable
        PostGIS cannot be reached, started or used; the message says what to do.
    """
    folder = (data_dir or settings.data_dir()).expanduser().resolve()
    return Store(database.connect(url, data_dir=folder), folder)
