"""The demo region into a store, by the same reading, checking and writing as any import."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from gisrisk.catalog import layer
from gisrisk.demo.writing import write_demo_region
from gisrisk.exchange import import_order, read_table, validate
from gisrisk.store import Store


def load_demo_region(store: Store, *, progress: Callable[[str, int, int], None] | None = None) -> None:
    """Make the region and import every layer; the population raster is registered last and so marks a complete region.

    Parameters
    ----------
    store : Store
        Where it goes. What it holds already stays; rows of the region that are there unchanged make no new revision.
    progress : callable, optional
        Called with the layer that comes next, how many are done, and how many there are.
    """
    with tempfile.TemporaryDirectory(prefix="gisrisk-demo-") as name:
        if progress is not None:
            progress("生成演示区", 0, 1)
        files = write_demo_region(Path(name))
        order = import_order(files.layers)
        for done, target in enumerate(order):
            if progress is not None:
                progress(f"导入{layer(target).label_zh}", done, len(order))
            incoming = read_table(files.layers[target], layer(target), crs="EPSG:4490")
            frame = validate(incoming, layer(target))
            store.write_batch(target, frame, file=incoming.file, sha256=incoming.sha256, note="demo")
        store.register_raster("population", files.population, position_source="synthetic")
