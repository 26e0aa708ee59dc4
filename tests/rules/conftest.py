"""The shipped rule book, and `world.py` importable by the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gisrisk.paths import shipped
from gisrisk.rules import RuleBook, load_rules

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def book() -> RuleBook:
    return load_rules(shipped("data", "rules"))  # without the documents and sign-offs of whoever runs the tests
