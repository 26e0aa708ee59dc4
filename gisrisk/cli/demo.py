"""`gisrisk demo`: from an empty store to the served demo map, by the same steps a user would take."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from gisrisk import settings
from gisrisk.cli.console import ERR, progress, say
from gisrisk.cli.studies import show_summary

# The demo never mixes with a user's data: it has a data folder, and so a cluster, of its own.
DEMO_FOLDER = "demo"


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("products/demo"),
    show_default=True,
    help="Folder for the products.",
)
@click.option("--no-serve", is_flag=True, help="Stop after the products.")
@click.option("--host", help="Address to listen on; setting `host` by default.")
@click.option("--port", type=int, help="Port; setting `port` by default.")
def demo(out: Path, no_serve: bool, host: str | None, port: int | None) -> None:
    """Make the synthetic demo region, study it, write the products and serve the map.

    Example: gisrisk demo --out products/demo --no-serve
    """
    if not settings.get("database_url"):
        os.environ["GISRISK_DATA_DIR"] = str(settings.data_dir() / DEMO_FOLDER)
    _build(out)
    if not no_serve:
        from gisrisk.server.serve import serve

        serve(host or settings.get("host"), port or int(settings.get("port")))


def _build(out: Path) -> None:
    from gisrisk.demo import AREA_CODE, write_demo_region
    from gisrisk.exchange import import_order
    from gisrisk.store import open_store
    from gisrisk.study import run_study

    with open_store() as store, progress() as report, tempfile.TemporaryDirectory(prefix="gisrisk-demo-") as folder:
        report(say("生成演示区", "making the demo region"), 0, 1)
        files = write_demo_region(Path(folder))
        for done, name in enumerate(import_order(files.layers)):
            report(say(f"导入 {name}", f"importing {name}"), done, len(files.layers))
            _import(store, name, files.layers[name])
        store.register_raster("population", files.population, position_source="synthetic")
        study = run_study(AREA_CODE, store=store, out=out, progress=report)
    ERR.print()
    show_summary(study, out)


def _import(store: object, name: str, file: Path) -> None:
    from gisrisk.catalog import layer
    from gisrisk.exchange import read_table, validate

    incoming = read_table(file, layer(name), crs="EPSG:4490")
    store.write_batch(name, validate(incoming, layer(name)), file=incoming.file, sha256=incoming.sha256, note="demo")  # type: ignore[attr-defined]
