"""`gisrisk db`: the private cluster, or the server named by GISRISK_DATABASE_URL."""

from __future__ import annotations

import click

from gisrisk.cli.console import json_option, say, show_json, show_table


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
    from gisrisk.store import cluster, open_store

    facts = dict(cluster.status())
    if facts.get("running"):
        with open_store() as store:
            facts["layers"] = store.layer_counts()
    if as_json:
        show_json(facts)
        return
    layers = facts.pop("layers", {})
    show_table(["", ""], [(k, v) for k, v in facts.items()])
    if layers:
        show_table([say("图层", "layer"), say("现有要素", "features now")], list(layers.items()))


@db.command()
def url() -> None:
    """Print the connection URL, for psql and QGIS.

    Example: psql "$(gisrisk db url)"
    """
    from gisrisk.store import cluster

    click.echo(cluster.url())
