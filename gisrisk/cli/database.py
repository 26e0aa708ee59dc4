"""`gisrisk db`: the private cluster, or the server named by GISRISK_DATABASE_URL."""

from __future__ import annotations

import click

from gisrisk.cli.console import json_option, show_json, show_table
from gisrisk.cli.language import say


@click.group()
def db() -> None:
    """PostGIS: start, stop, status, URL.

    Example: gisrisk db status
    """


@db.command()
def up() -> None:
    """Start the private cluster if it is not running, and bring its tables up to date.

    Example: gisrisk db up
    """
    from gisrisk.store import open_store

    with open_store() as store:
        click.echo(store.url)


@db.command()
def down() -> None:
    """Stop the private cluster; data stay.

    Example: gisrisk db down
    """
    from gisrisk.store import cluster

    cluster.down()
    click.echo(say("已停止。", "stopped"))


@db.command()
@json_option
def status(as_json: bool) -> None:
    """Where the store is, whether it runs, and how many features each layer holds.

    Example: gisrisk db status --json
    """
    from gisrisk.catalog import load_layers
    from gisrisk.store import cluster, open_store

    facts = dict(cluster.status())
    if facts.get("running"):
        with open_store() as store:
            facts["layers"] = store.layer_counts()
    if as_json:
        show_json(facts)
        return
    layers = facts.pop("layers", {})
    show_table(["", ""], [(say(*_FACTS.get(name, (name, name))), _shown(name, fact)) for name, fact in facts.items()])
    if layers:
        known = load_layers()
        rows = [(name, say(known[name].label_zh, known[name].label_en), count) for name, count in layers.items()]
        show_table([say("图层", "layer"), say("名称", "label"), say("现有要素", "features now")], rows)


_FACTS = {
    "running": ("运行中", "running"),
    "pid": ("进程号", "process id"),
    "url": ("连接串", "URL"),
    "data_folder": ("集群文件夹", "cluster folder"),
    "socket_folder": ("套接字文件夹", "socket folder"),
    "system_user": ("系统用户", "system user"),
    "size_bytes": ("占用", "size"),
}


def _shown(name: str, fact: object) -> str:
    if isinstance(fact, bool):
        return say("是", "yes") if fact else say("否", "no")
    if name == "size_bytes" and isinstance(fact, int):
        return f"{fact / 2**20:.0f} MiB"
    return "" if fact is None else str(fact)


@db.command()
def url() -> None:
    """Print the connection URL, for psql and QGIS.

    Example: psql "$(gisrisk db url)"
    """
    from gisrisk.store import cluster

    click.echo(cluster.url())
