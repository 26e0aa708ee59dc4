"""Who checked which rule against which official document: a file that is only ever added to.

Each line of `<data_dir>/rules/signoffs.yaml` names the rule, the document by its SHA-256, the person and the day. It
holds a digest of the rule as it stood, and one of everything above it, so that a line changed or removed is noticed. A
sign-off of a rule that has changed since confirms nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from gisrisk.catalog.strict_yaml import read_yaml
from gisrisk.errors import GisriskError, RuleDataError
from gisrisk.rules.rule import Rule, SignOff

FILE: Final = "signoffs.yaml"
_HEAD: Final = "# Written by `gisrisk rules confirm`; lines are only added, never changed.\nsignoffs:\n"
_NOT_THE_CLAUSE: Final = ("review", "provisional_because", "signoffs")


class SignOffRefused(GisriskError):
    """The document cannot be read, or nobody signs."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class SignOffs:
    """All sign-offs of a file in their order, and what is wrong with it."""

    entries: tuple[SignOff, ...]
    problems: tuple[str, ...]

    def applied(self, rules: Sequence[Rule]) -> tuple[Rule, ...]:
        """Rules with their sign-offs; one that was checked as it stands now is confirmed."""
        out = []
        for rule in rules:
            own = tuple(entry for entry in self.entries if entry.rule == rule.id)
            digest = clause_digest(rule) if own else ""
            signed = tuple(replace(entry, outdated=entry.clause_sha256 != digest) for entry in own)
            if any(not entry.outdated for entry in signed):
                rule = replace(rule, review="confirmed", provisional_because=())
            out.append(replace(rule, signoffs=signed) if signed else rule)
        return tuple(out)


def clause_digest(rule: Rule) -> str:
    """SHA-256 of everything the rule says, without its review."""
    said = {key: value for key, value in asdict(rule).items() if key not in _NOT_THE_CLAUSE}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def read_signoffs(folder: Path, known: Sequence[str]) -> SignOffs:
    """The sign-offs of a folder; none where there is no file."""
    path = folder / FILE
    if not path.exists():
        return SignOffs((), ())
    try:
        content = read_yaml(path, error=RuleDataError)
    except RuleDataError as error:
        return SignOffs((), (str(error),))
    lines = path.read_bytes().splitlines(keepends=True)
    first = len(_HEAD.splitlines())
    entries, problems = [], []
    for number, given in enumerate(content.get("signoffs") or ()):
        where = f"{FILE}, entry {number + 1}"
        try:
            day = date.fromisoformat(given["on"])
            entry = SignOff(**{**given, "on": day})
        except (TypeError, KeyError, ValueError) as error:
            problems.append(f"{where}: {error}. The file is written by 'gisrisk rules confirm' only.")
            continue
        if entry.above_sha256 != hashlib.sha256(b"".join(lines[: first + number])).hexdigest():
            problems.append(f"{where}: something above it was changed or removed. Restore the file from a backup.")
        if entry.rule not in known:
            problems.append(f"{where}: there is no rule '{entry.rule}'.")
        entries.append(entry)
    return SignOffs(tuple(entries), tuple(problems))


def sign_off(folder: Path, rule: Rule, *, document: Path, by: str, on: date) -> SignOff:
    """Record that somebody compared a rule with an official document.

    Parameters
    ----------
    folder : Path
        Folder of the user's own rules, `<data_dir>/rules`; made if absent.
    rule : Rule
    document : Path
        The official text that was looked at; only its name and SHA-256 are kept.
    by : str
        Name of the person.
    on : date

    Raises
    ------
    SignOffRefused
        The document cannot be read or is empty, or the name is empty.
    """
    if not by.strip():
        raise SignOffRefused("A sign-off needs the name of the person who checked the rule: --by NAME.")
    try:
        content = document.read_bytes()
    except OSError as error:
        raise SignOffRefused(
            f"'{document}' cannot be read: {error.strerror}. Name the file you compared with."
        ) from error
    if not content:
        raise SignOffRefused(f"'{document}' is empty. Name the file you compared with.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        above = file.read()
        if not above:
            above = _HEAD.encode()
            file.write(above)
        entry = SignOff(
            rule=rule.id, document=document.name, sha256=hashlib.sha256(content).hexdigest(), by=by.strip(), on=on,
            clause_sha256=clause_digest(rule), above_sha256=hashlib.sha256(above).hexdigest(),
        )  # fmt: skip
        said = {key: value for key, value in asdict(entry).items() if key != "outdated"}
        file.write(f"- {json.dumps(said, ensure_ascii=False, default=str)}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    return entry
