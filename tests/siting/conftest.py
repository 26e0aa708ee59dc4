"""Stores with the town of `drawn_town` in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from drawn_town import fill

from gisrisk.store import Store, open_store


@pytest.fixture
def town_store(fresh_store: Store) -> Store:
    fill(fresh_store)
    return fresh_store


@pytest.fixture(scope="module")
def standing(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The town, for tests that add nothing to its layers."""
    with open_store(new_database(), data_dir=tmp_path_factory.mktemp("town")) as store:
        fill(store)
        yield store
