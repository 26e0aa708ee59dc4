"""`gisrisk demo`: from an empty store to the served demo map, by the same steps a user would take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from gisrisk import settings
from gisrisk.chinatime import today
from gisrisk.cli.console import ERR, progress
from gisrisk.cli.language import say
from gisrisk.cli.studies import show_summary


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
        # Never mixed with a user's data: the demo has a data folder, and so a cluster, of its own for each version.
        os.environ["GISRISK_DATA_DIR"] = str(settings.data_dir() / f"demo-{_region_key()}")
    _build(out)
    if not no_serve:
        from gisrisk.server.serve import serve

        serve(host or settings.get("host"), port or int(settings.get("port")))


def _region_key() -> str:
    """Fingerprint of what makes the region, so that a changed generator starts from an empty store."""
    import gisrisk.demo
    from gisrisk._version import source_fingerprint

    return source_fingerprint(Path(gisrisk.demo.__file__).parent)


def _build(out: Path) -> None:
    from gisrisk.demo import AREA_CODE, load_demo_region
    from gisrisk.products.shelf import copy_out, shelve
    from gisrisk.store import open_store
    from gisrisk.study import run_study

    with open_store() as store, progress() as report:
        # The raster is registered last: where it is, the region is complete.
        if store.raster("population") is None:
            load_demo_region(store, progress=report)
        folder = _finished(store)
        if folder is not None:
            ERR.print(say("演示研究没有变化，直接使用。", "the demo study is unchanged and used as it is"))
        else:
            study = run_study(AREA_CODE, store=store, progress=report)
            folder = shelve(study, store.data_dir, progress=report)
            show_summary(study, None)
    copy_out(folder, out)
    click.echo(say(f"成果已写入 {out}/", f"products written to {out}/"))


def _finished(store: Any) -> Path | None:
    """Products of today's study of the unchanged region by unchanged code and rules, if they stand there."""
    from gisrisk._version import code_version
    from gisrisk.demo import AREA_CODE
    from gisrisk.products.shelf import MARK, shelf
    from gisrisk.rules import load_rules

    found = store.latest_study(AREA_CODE)
    if found is None:
        return None
    now = (today(), code_version(), load_rules().version, store.last_recorded_at())
    if (found["on_day"], found["code_version"], found["rule_set"], found["as_of"]) != now:
        return None
    folder = shelf(store.data_dir, found["study_id"])
    return folder if (folder / MARK).is_file() else None
