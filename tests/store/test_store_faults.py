"""An import that dies half way leaves the store exactly as it was, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from small_town import frame, put, sites, square

from gisrisk.errors import StoreUnavailable
from gisrisk.store import BatchReport, Store, open_store

DYING = """
import sys, time
from gisrisk.store import bulk, copying, open_store
from small_town import frame, square
copying.CHUNK_ROWS = 100
bulk.WORTH_REBUILDING = int(sys.argv[2])
rows = [{"code": f"D{number}", "name": "厂"} for number in range(1000)]
content = frame(rows, [square(118 + number / 1000, 32) for number in range(1000)])
def half(done, total):
    if done >= total / 2:
        print("half", flush=True)
        time.sleep(600)
open_store(sys.argv[1]).write_batch("enterprise_site", content, file="big.gpkg", sha256="1" * 64, progress=half)
"""


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables and all indices: what must not change."""
    with store.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names(schema="gisrisk")
        content = {
            name: sorted(map(str, connection.execute(sa.text(f"SELECT t::text FROM gisrisk.{name} t")).scalars()))
            for name in tables
        }
        content["indices"] = sorted(
            connection.execute(sa.text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'gisrisk'")).scalars()
        )
    return content


@pytest.mark.parametrize("filled", [False, True], ids=["first load", "merge"])
@pytest.mark.parametrize("worth_rebuilding", [1, 10**9])
def test_client_killed_in_the_middle_of_an_import(fresh_store: Store, filled: bool, worth_rebuilding: int) -> None:
    if filled:
        put(fresh_store, "enterprise_site", sites("S1", "S2"))
    before = everything(fresh_store)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    client = subprocess.Popen(
        [sys.executable, "-c", DYING, fresh_store.url, str(worth_rebuilding)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "half\n"
    client.send_signal(signal.SIGKILL)
    client.communicate()
    report = put(fresh_store, "park", frame([{"code": "P1", "name": "园区"}], [square(118, 32)]))  # waits for the lock
    assert report.added == 1
    after = everything(fresh_store)
    assert {name: rows for name, rows in after.items() if name not in {"park", "batch"}} == {
        name: rows for name, rows in before.items() if name not in {"park", "batch"}
    }
    assert len(after["batch"]) == len(before["batch"]) + 1
    assert put(fresh_store, "enterprise_site", sites("S1", "S2", "S3")).added == (1 if filled else 3)


def test_connection_lost_in_the_middle_is_said_and_nothing_is_stored(
    fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gisrisk.store.copying.CHUNK_ROWS", 1)
    before = everything(fresh_store)

    def cut(done: int, _total: int) -> None:
        if done == 2:
            with fresh_store.engine.connect() as other:
                other.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                    )
                )

    with pytest.raises(StoreUnavailable):
        put(fresh_store, "enterprise_site", sites("S1", "S2", "S3", "S4"), progress=cut)
    assert everything(fresh_store) == before
    assert put(fresh_store, "enterprise_site", sites("S1")).added == 1


def test_error_in_the_callers_progress_stores_nothing(fresh_store: Store) -> None:
    before = everything(fresh_store)

    def fail(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(fresh_store, "enterprise_site", sites("S1"), progress=fail)
    assert everything(fresh_store) == before


@pytest.fixture
def second_store(fresh_store: Store) -> Iterator[Store]:
    with open_store(fresh_store.url) as other:
        yield other


def test_imports_at_once_follow_one_another(fresh_store: Store, second_store: Store) -> None:
    reports: list[BatchReport] = []
    stop = threading.Event()

    def importer(store: Store, name: str) -> Callable[[], None]:
        def run() -> None:
            for _ in range(5):
                reports.append(put(store, "enterprise_site", sites("S1", "S2", name=name)))

        return run

    seen: list[set[str]] = []

    def reader() -> None:
        while not stop.is_set():
            seen.append(set(fresh_store.read("enterprise_site")["name"]))

    threads = [
        threading.Thread(target=importer(store, name)) for store, name in ((fresh_store, "甲"), (second_store, "乙"))
    ]
    watcher = threading.Thread(target=reader)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    watcher.join()
    assert len(reports) == 10
    assert len({report.recorded_at for report in reports}) == 10
    assert all(len(names) <= 1 for names in seen)  # a reader never sees half of a batch
    assert sum(report.added for report in reports) == 2
    for report in sorted(reports, key=lambda each: each.recorded_at):
        past = fresh_store.read("enterprise_site", as_of=report.recorded_at)
        assert len(past) == 2 and past["name"].nunique() == 1
    assert isinstance(past, pd.DataFrame)
