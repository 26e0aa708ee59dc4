"""Every error gisrisk raises on purpose: what is wrong, where, why it matters, and what to do.

One base class; values stay on the exception as attributes, so that the command line, the web edge and a test can read
them without parsing text. The exit status of `contract.md` is part of the class; HTTP statuses belong to the web edge.
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_REFUSED = 3
EXIT_UNAVAILABLE = 4


class GisriskError(Exception):
    """Base of all errors raised on purpose."""

    exit_status: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input file.

    `row` counts data rows from 1 as a person would in a spreadsheet (the heading is not a row); None: the whole file.
    """

    file: str
    reason: str
    remedy: str
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.field is not None:
            place += f", field '{self.field}'"
        return f"{place}: {self.reason}. {self.remedy}"


class InputRefused(GisriskError):
    """A user's file is not fit to be stored; nothing of it was stored."""

    exit_status = EXIT_REFUSED

    def __init__(self, problems: list[Problem]) -> None:
        if not problems:
            raise ValueError("InputRefused needs at least one problem")
        self.problems = tuple(problems)
        shown = [str(p) for p in problems[:20]]
        if len(problems) > len(shown):
            shown.append(f"... and {len(problems) - len(shown)} more problems in this file")
        super().__init__("\n".join(shown) + "\nNothing was stored.")


class LayerDefinitionError(GisriskError):
    """A file in `layers/` is wrong."""

    exit_status = EXIT_REFUSED


class RuleDataError(GisriskError):
    """A file in `data/rules/` is wrong."""

    exit_status = EXIT_REFUSED


class UnknownName(GisriskError):
    """A layer, rule, area, park or study was asked for that does not exist."""

    exit_status = 2

    def __init__(self, kind: str, name: str, known: list[str] | None = None) -> None:
        self.kind, self.name = kind, name
        known = sorted(known or [])
        hint = f" Known: {', '.join(known[:30])}{' ...' if len(known) > 30 else ''}." if known else ""
        super().__init__(f"There is no {kind} '{name}'.{hint}")


class StoreUnavailable(GisriskError):
    """PostGIS cannot be reached, started, or is not the version we need."""

    exit_status = EXIT_UNAVAILABLE


class OutOfDomain(GisriskError):
    """A physical or numerical argument lies outside the range in which the formula holds."""


class SetupIncomplete(GisriskError):
    """Something `make demo` installs (front-end library, font, data package) is missing."""

    exit_status = EXIT_UNAVAILABLE
