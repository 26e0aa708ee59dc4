"""The documents name only commands, options, files and settings that exist; every command shows how it is used."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gisrisk.cli.main import cli
from gisrisk.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "README.zh-CN.md"])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_IN_QUOTES = re.compile(r"\$\((gisrisk [^)]*)\)")


def quoted_commands(text: str) -> Iterator[list[str]]:
    """Words after `gisrisk` of every command in a code block or in backquotes."""
    blocks = _FENCE.findall(text)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *_INLINE.findall(_FENCE.sub("", text))]:
        for inner in _IN_QUOTES.findall(line):
            yield shlex.split(inner)[1:]
        try:
            words = shlex.split(_IN_QUOTES.sub("-", line), comments=True)
        except ValueError:
            continue  # an unpaired quote: a piece of another language
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == "gisrisk":
            stop = next((at for at, word in enumerate(words) if word in ("|", "&&", ";", ">", "2>", "&")), len(words))
            yield words[1:stop]


def fault(words: list[str]) -> str | None:
    """What is wrong with a quoted command, by click's own tree; None when nothing is."""
    command: click.Command = cli
    words = list(words)
    while isinstance(command, click.Group):
        if not words:
            return None  # a group named by itself
        name = words.pop(0)
        if name in ("-h", "--help", "--version"):
            return None
        alternatives = name.split("/")  # `rules list/show/check` in running text names all three
        for each in alternatives:
            if each not in command.commands:
                return f"there is no command '{each}'"
        command = command.commands[alternatives[-1]]
    options = {name: option for option in command.params for name in option.opts if isinstance(option, click.Option)}
    room = sum(1 if argument.nargs > 0 else 99 for argument in command.params if isinstance(argument, click.Argument))
    while words:
        word, _, attached = words.pop(0).partition("=") if words[0].startswith("--") else (words.pop(0), "", "")
        if word in ("-h", "--help"):
            continue
        if word.startswith("-") and len(word) > 1:
            if word not in options:
                return f"'{command.name}' has no option '{word}'"
            option = options[word]
            if not getattr(option, "is_flag", False) and not attached:
                if not words:
                    return f"option '{word}' of '{command.name}' has no value"
                value = words.pop(0)
                if isinstance(option.type, click.Choice) and value not in option.type.choices:
                    return f"option '{word}' does not take '{value}'"
        else:
            room -= 1
            if room < 0:
                return f"'{command.name}' takes no '{word}'"
    return None


def every_command(command: click.Command = cli, name: str = "gisrisk") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from every_command(child, f"{name} {child.name}")


@pytest.mark.parametrize("name", NAMES)
def test_quoted_commands_exist(name: str) -> None:
    commands = list(quoted_commands((ROOT / name).read_text(encoding="utf-8")))
    wrong = {" ".join(words): problem for words in commands if (problem := fault(words))}
    assert wrong == {}


def test_the_documents_quote_commands_at_all() -> None:
    """So that the test above cannot pass by finding nothing."""
    found = {
        tuple(words[:2]) for path in DOCUMENTS for words in quoted_commands(path.read_text(encoding="utf-8")) if words
    }
    assert {("layer", "import"), ("study", "run"), ("rules", "show"), ("db", "url")} <= found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("gisrisk layers import x y", "no command 'layers'"),
        ("gisrisk layer import park x.gpkg --no-such", "no option '--no-such'"),
        ("gisrisk study run 360702", "takes no '360702'"),
        ("gisrisk rules show", None),
        ("GISRISK_LANG=en .venv/bin/gisrisk layer import park x.gpkg --map a=b --crs=EPSG:4490  # why", None),
        ('psql "$(gisrisk db path)"', "no command 'path'"),
    ],
)
def test_a_wrong_command_would_be_seen(line: str, problem: str | None) -> None:
    (words,) = quoted_commands(f"```\n{line}\n```\n")
    found = fault(words)
    assert (found is None) if problem is None else (found is not None and problem in found)


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_point_to_files(name: str) -> None:
    text = _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    folder = (ROOT / name).parent
    lost = [target for target in local if target and not (folder / target).exists()]
    assert lost == []


@pytest.mark.parametrize("name", NAMES)
def test_links_within_a_document_point_to_headings(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    anchors = {*re.findall(r'<a id="([^"]+)"', text), *map(_anchor, re.findall(r"^#+ (.+)$", text, re.MULTILINE))}
    assert [found for found in re.findall(r"\]\(#([^)\s]+)\)", text) if found not in anchors] == []


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: object) -> None:
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "guide.md"))
    assert re.search(rf"\b{setting.variable}\b", text)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "command"), list(every_command()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_shows_an_example_that_works(name: str, command: click.Command) -> None:
    help_text = command.help or ""
    if command is cli:
        examples = re.findall(r"start with: (gisrisk .+)", help_text)
    else:
        examples = re.findall(r"Example: (.+)", help_text)
    assert examples, f"{name} has no line 'Example:' in its help"
    for example in examples:
        (words,) = quoted_commands(f"```\n{example}\n```\n")
        assert fault(words) is None
        assert " ".join(("gisrisk", *words)).startswith(name)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "images").glob("*")), ids=lambda path: path.name)
def test_pictures_are_small_and_shown(path: Path) -> None:
    assert path.stat().st_size <= 350 * 1024
    shown = [d for d in DOCUMENTS if os.path.relpath(path, d.parent) in d.read_text(encoding="utf-8")]
    assert shown
