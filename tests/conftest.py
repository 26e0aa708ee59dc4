"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from gisrisk.store import Store, cluster, open_store

ROOT = Path(__file__).resolve().parents[1]

# Examples are never timed; on CI they are the same in every run, so that a red run is about the change that caused it.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")

CHROMIUM_ARGUMENTS = [  # no request of the browser's own may leave the host
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder with fact files and open data, laid beside the checkout; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared folder with open data is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """URL of a private PostGIS cluster made for this test run, stopped and deleted after it.

    The folder lies directly in the temporary folder, not in pytest's: when root runs the tests, the cluster's own user
    must be able to reach it. Without PostgreSQL the tests fail with the command that installs it.
    """
    folder = Path(tempfile.mkdtemp(prefix="gisrisk-test-"))
    folder.chmod(0o755)
    try:
        yield cluster.up(folder)
    finally:
        cluster.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(cluster_url: str) -> Callable[[], str]:
    """Function that makes an empty, migrated database and returns its URL; a copy of a template, so it is quick."""
    import psycopg

    def statement(text: str) -> None:
        with psycopg.connect(cluster_url, autocommit=True) as connection:
            connection.execute(text)

    def url_of(name: str) -> str:
        return cluster_url.replace("/gisrisk?", f"/{name}?")

    statement("ALTER SYSTEM SET synchronous_commit = off")
    statement("ALTER SYSTEM SET fsync = off")  # this cluster is thrown away
    statement("SELECT pg_reload_conf()")
    statement("CREATE DATABASE template_gisrisk")
    open_store(url_of("template_gisrisk")).close()

    def make() -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        statement(f"CREATE DATABASE {name} TEMPLATE template_gisrisk")
        return url_of(name)

    return make


@pytest.fixture(scope="module")
def module_store(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty store that the tests of one module share: fill it once in a module-scoped fixture of your own."""
    with open_store(new_database(), data_dir=tmp_path_factory.mktemp("data")) as store:
        yield store


@pytest.fixture
def store(module_store: Store) -> Store:
    """The store of this test module; empty before its first test."""
    return module_store


@pytest.fixture(scope="session")
def empty_again() -> Callable[[Store], None]:
    """Function that deletes every row of a store, behind the back of the triggers that forbid it."""
    import sqlalchemy as sa

    def empty(store: Store) -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for name in sa.inspect(connection).get_table_names(schema="gisrisk"):
                if name != "alembic_version":
                    connection.execute(sa.text(f"DELETE FROM gisrisk.{name}"))

    return empty


@pytest.fixture(scope="session")
def _scratch_database(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def fresh_store(_scratch_database: str, empty_again: Callable[[Store], None], tmp_path: Path) -> Iterator[Store]:
    """An empty store for this test alone: one database, emptied before each test (quicker than a new one)."""
    with open_store(_scratch_database, data_dir=tmp_path) as store:
        empty_again(store)
        yield store


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail(
            "Chromium was not found. Install it: apt-get install -y --no-install-recommends chromium", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
