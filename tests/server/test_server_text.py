"""Every visible word comes from web/text.yaml, in both languages, and every text there is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gisrisk.catalog import vocabulary
from gisrisk.server.text import texts

HAN = re.compile(r"[\u4e00-\u9fff]")
# keys that are put together while running: prefix -> the endings that occur
BUILT = (
    "status.", "review.", "mandatory.", "hazard.", "group.", "layer.", "error.", "stand_in.", "search.", "park.pdf",
    "park.png", "park.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def sources(project_root: Path) -> dict[str, str]:
    """Text of every file that may ask for a word: templates, modules, server code."""
    files = [
        *(project_root / "web" / "templates").glob("*.html"),
        *(project_root / "web" / "static").glob("map/*.mjs"),
        *(project_root / "web" / "static").glob("app/*.mjs"),
        *(project_root / "gisrisk" / "server").glob("*.py"),
    ]
    assert len(files) > 25
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def test_every_word_that_is_asked_for_exists(sources):
    for name, source in sources.items():
        for key in re.findall(r"""\bt\(\s*["']([a-z0-9_.]+)["']\s*[,)]""", source):
            assert key in texts(), f"{name} asks for '{key}'"


def test_no_text_is_left_over(sources):
    everything = "\n".join(sources.values())
    for key in texts():
        assert key in everything or key.startswith(BUILT), f"'{key}' is used nowhere"


@pytest.mark.parametrize("ending", [".html", ".mjs"])
def test_pages_and_modules_hold_no_chinese_of_their_own(sources, ending):
    for name, source in sources.items():
        if name.endswith(ending):
            for number, line in enumerate(source.splitlines(), start=1):
                allowed = line.replace("中文", "")  # the name of a language is written in that language
                assert not HAN.search(allowed), f"{name}:{number}: {line}"


def test_both_languages_take_the_same_values():
    for key, words in texts().items():
        fields = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in words.items()}
        assert fields["zh"] == fields["en"], key
        assert all(text.strip() for text in words.values()), key
        assert HAN.search(words["zh"]) or key in {"about.version", "mark.colon", "mark.semicolon"}, key
        assert not HAN.search(words["en"]), key


def test_every_stand_in_of_the_vocabulary_has_words():
    points = vocabulary().measuring_points
    marks = {
        stand_in["mark"].removeprefix("substitute:")
        for side in ("measured_from", "measured_to")
        for point in points[side]
        for stand_in in point.get("substitutes", [])
    }
    assert len(marks) > 10
    assert {f"stand_in.{mark}" for mark in marks} <= set(texts())
