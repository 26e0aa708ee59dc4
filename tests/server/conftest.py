"""The application over the small hand-made area."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from small_area import small_store

from gisrisk.server import create_app
from gisrisk.store import Store

__all__ = ["small_store"]


@pytest.fixture
def client(small_store: Store) -> FlaskClient:
    """A browser without cookies."""
    return create_app(small_store).test_client()
