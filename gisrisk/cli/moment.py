"""A moment on the command line: a day, which means its end in China time, or a time; the store's own reading of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def as_of_option(default: str) -> Callable[[Command], Command]:
    """The option `--as-of`; `default` ends its help and says what holds without it."""
    return click.option(
        "--as-of",
        metavar="MOMENT",
        callback=_as_moment,
        help=f"Moment whose data apply: 2026-11-01 (the end of that day in China time) or 2026-11-01T08:30; {default}.",
    )


def _as_moment(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    from gisrisk.store.query import moment

    try:
        return None if value is None else moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from error
