"""The command group, and the one place where an error becomes an exit status."""

from __future__ import annotations

import click

from gisrisk import settings
from gisrisk._version import __version__
from gisrisk.cli.console import end_with, json_option, show_json, show_table
from gisrisk.cli.database import db
from gisrisk.cli.demo import demo
from gisrisk.cli.law import rules
from gisrisk.cli.layers import layer
from gisrisk.cli.serve import serve
from gisrisk.cli.siting import siting
from gisrisk.cli.studies import distances, hazards, study
from gisrisk.errors import GisriskError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gisrisk")
def cli() -> None:
    """化工园区与城市安全风险空间分析平台。Safety distances, major hazards and four-colour risk maps on PostGIS.

    Newcomers start with: gisrisk demo
    """


@cli.command("settings")
@json_option
def show_settings(as_json: bool) -> None:
    """Print every setting, its value and its environment variable.

    Example: gisrisk settings
    """
    if as_json:
        show_json(
            {s.name: {"value": s.value(), "variable": s.variable, "meaning": s.meaning} for s in settings.SETTINGS}
        )
        return
    rows = [(s.name, s.value() or "-", s.variable, s.meaning) for s in settings.SETTINGS]
    show_table(["name", "value", "environment variable", "meaning"], rows)


for command in (db, layer, rules, study, distances, hazards, siting, serve, demo):
    cli.add_command(command)


def main() -> None:
    """Entry point of the `gisrisk` command."""
    try:
        cli(standalone_mode=True)
    except GisriskError as error:
        end_with(error, error.exit_status)


if __name__ == "__main__":
    main()
