"""What every command shares with the terminal: progress, tables, JSON, and how an error ends the process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from gisrisk.cli.language import say
from gisrisk.cli.steps import step_in_words

# Tables go to standard output, everything said along the way to standard error, so that `--json | jq` works.
OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)

ProgressCallback = Callable[[str, int, int], None]

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document for machines.")


@contextmanager
def progress() -> Iterator[ProgressCallback]:
    """A callback `(step, done, total)` drawn as a bar on a terminal and as plain lines elsewhere."""
    if not ERR.is_terminal:
        last = ""

        def plain(step: str, done: int, total: int) -> None:
            nonlocal last
            if step != last:
                last = step
                ERR.print(f"· {step_in_words(step)}", markup=False)

        yield plain
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ERR, transient=True) as bar:
        task = bar.add_task("", total=1)

        def draw(step: str, done: int, total: int) -> None:
            bar.update(task, description=step_in_words(step), completed=done, total=max(total, 1))

        yield draw


def show_json(value: Any) -> None:
    """One JSON document on standard output; dates as ISO text, paths as text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def show_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """A table on standard output, as wide as its text when the output is not a terminal.

    Nothing is cut off: a text too long for its column goes on in the next line, so that ids and paths can be copied.
    """
    table = Table(box=SIMPLE_HEAD, header_style="bold", show_header=any(headings), pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out = OUT if OUT.is_terminal else Console(width=max(220, OUT.width), highlight=False)
    if title:
        out.print(Text(title, style="bold"), soft_wrap=True)
    out.print(table)


def end_with(error: Exception, status: int) -> None:
    """Say what went wrong on standard error and leave with the exit status of the contract."""
    ERR.print(f"[bold red]{say('出错', 'error')}[/]: ", end="")
    ERR.print(str(error), markup=False, soft_wrap=True)
    sys.exit(status)
