"""Style, errors, periods, health, serving and the vendored libraries."""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from small_area import PARK
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import NotFound

import gisrisk.errors
from gisrisk.catalog import layer
from gisrisk.catalog.palette import LEVELS
from gisrisk.errors import GisriskError, InputRefused, Problem, StoreUnavailable, UnknownName
from gisrisk.server import create_app
from gisrisk.server.errors import status_of
from gisrisk.server.park import assessment
from gisrisk.server.periods import next_due, periods
from gisrisk.server.serve import AddressTaken, require_free
from gisrisk.server.tile_layers import TILE_LAYERS
from gisrisk.store import Store


class TestStyle:
    @pytest.fixture
    def style(self, client) -> dict:
        return client.get("/api/v1/style").json

    def test_nothing_in_it_is_fetched_from_elsewhere(self, style):
        assert "glyphs" not in style and "sprite" not in style
        for source in style["sources"].values():
            assert all(path.startswith("/tiles/") for path in source["tiles"])
        assert "http" not in json.dumps(style)

    def test_levels_are_opaque_and_in_the_colours_of_the_palette(self, style, project_root):
        # the palette file itself, not our reading of it
        file = project_root / "data" / "rules" / "methods" / "four_colours.yaml"
        declared = yaml.safe_load(file.read_text(encoding="utf-8"))
        expected = [entry["hex"] for entry in declared["levels"]]
        fills = [each for each in style["layers"] if each["id"] in ("site-fill", "level-fill", "region-fill")]
        assert len(fills) == 3
        for each in fills:
            assert each["paint"]["fill-opacity"] == 1
            match = each["paint"]["fill-color"]
            assert match[2:-1:2] == [1, 2, 3, 4] and match[3:-1:2] == expected
            assert match[-1] == declared["undetermined"]["hex"]

    def test_no_translucent_fill_lies_over_an_opaque_level(self, style):
        names = [each["id"] for each in style["layers"]]
        last_level = max(names.index(name) for name in ("site-fill", "level-fill", "region-fill"))
        for each in style["layers"][last_level:]:
            if each["type"] == "fill" and "fill-opacity" in each["paint"]:
                assert each["paint"]["fill-opacity"] == 1, each["id"]

    def test_every_layer_has_a_switch_and_every_switch_but_none_a_layer(self, style):
        switches = {toggle["id"] for toggle in style["metadata"]["toggles"]}
        used = {each["metadata"]["toggle"] for each in style["layers"]} - {None}
        assert used <= switches and switches - used == {"risk_none"}
        groups = {group["id"] for group in style["metadata"]["groups"]}
        assert {toggle["group"] for toggle in style["metadata"]["toggles"]} == groups

    def test_only_one_set_of_levels_is_on_at_a_time(self, style):
        risk = [toggle for toggle in style["metadata"]["toggles"] if toggle["group"] == "risk"]
        assert all(toggle["exclusive"] for toggle in risk)
        assert sum(toggle["on"] for toggle in risk) == 1

    def test_a_protected_target_is_named_by_one_layer_only(self, style):
        named = [each["filter"] for each in style["layers"] if each.get("source-layer") == "protected_target_name"]
        assert len(named) == 2 and named[0] == ["!", named[1]]

    def test_every_layer_reads_a_tile_layer_that_exists(self, style):
        parts = set(TILE_LAYERS) | {f"{name}_name" for name, each in TILE_LAYERS.items() if each.named_from is not None}
        for each in style["layers"]:
            if "source" in each:
                assert each["source"] in TILE_LAYERS and each["source-layer"] in parts, each["id"]

    def test_the_columns_of_every_tile_layer_exist(self):
        for each in TILE_LAYERS.values():
            if not each.of_study:
                assert all(layer(each.name).has_column(column) for column in each.far + each.near), each.name

    def test_the_style_sheet_has_a_readable_pair_for_every_level(self, client):
        sheet = client.get("/palette.css").get_data(as_text=True)
        for entry in LEVELS:
            assert f".level-{entry.number} {{ --level: {entry.hex};" in sheet


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (UnknownName("park", "x"), 404),
            (InputRefused([Problem(file="f", reason="r", remedy="m")]), 422),
            (StoreUnavailable("gone"), 503),
            (OperationalError("select", {}, Exception("gone")), 503),
            (NotFound(), 404),
            (ValueError("bug"), 500),
        ],
    )
    def test_the_nearest_class_decides(self, error, status):
        assert status_of(error) == status

    def test_every_error_of_ours_has_a_status(self):
        kinds = [
            kind for kind in vars(gisrisk.errors).values() if isinstance(kind, type) and issubclass(kind, GisriskError)
        ]
        assert len(kinds) > 5
        for kind in kinds:
            assert 400 <= status_of(kind.__new__(kind)) <= 599

    def test_a_lost_database_is_503_with_a_hint_and_never_a_stack_trace(self, monkeypatch, small_store: Store):
        app = create_app(small_store)

        def gone(*_: object, **__: object) -> None:
            raise OperationalError("SELECT 1", {}, Exception("password=secret"))

        monkeypatch.setattr("gisrisk.server.chosen.find_study", gone)
        for address in ("/", "/api/v1/findings"):
            answer = app.test_client().get(address)
            text = answer.get_data(as_text=True)
            assert answer.status_code == 503 and answer.headers["Retry-After"]
            assert "gisrisk db status" in text and "secret" not in text and "Traceback" not in text

    def test_a_bug_is_500_and_its_text_stays_in_the_log(self, monkeypatch, small_store: Store):
        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError("inner detail")

        monkeypatch.setattr("gisrisk.server.chosen.find_study", broken)
        answer = create_app(small_store).test_client().get("/api/v1/findings")
        assert answer.status_code == 500 and "inner detail" not in answer.get_data(as_text=True)


class TestPeriods:
    @pytest.mark.parametrize(
        ("day", "years", "expected"),
        [
            (date(2026, 11, 22), 3, date(2029, 11, 22)),
            (date(2026, 11, 22), 5, date(2031, 11, 22)),
            (date(2024, 2, 29), 3, date(2027, 2, 28)),  # no 29 February in 2027
            (date(2024, 2, 29), 4, date(2028, 2, 29)),
        ],
    )
    def test_due_on_the_same_day_some_years_later(self, day, years, expected):
        assert next_due(day, years) == expected

    @given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), years=st.integers(1, 9))
    def test_never_later_than_the_anniversary_and_at_most_a_day_before(self, day, years):
        due = next_due(day, years)
        assert (due.year, due.month) == (day.year + years, day.month)
        assert day.day - due.day in (0, 1)

    def test_the_figures_are_those_of_the_fact_file(self, shared_dir):
        facts = yaml.safe_load((shared_dir / "standards" / "park_grading.yaml").read_text(encoding="utf-8"))
        recommended = facts["periodicity_recommended_settings"]
        assert periods()["chemical_park"].years == recommended["chemical_park_years"]
        assert periods()["industrial_park"].years == recommended["industrial_park_years"]

    def test_every_kind_is_a_kind_of_park(self):
        assert set(periods()) <= set(layer("park").column("kind").allowed)

    def test_overdue_only_after_the_last_day(self):
        for today, overdue in ((date(2029, 11, 22), False), (date(2029, 11, 23), True)):
            told = assessment(date(2026, 11, 22), "chemical_park", today=today)
            assert (told["next_due"], told["overdue"]) == ("2029-11-22", overdue)
        assert assessment(date(2026, 11, 22), "port", today=date(2099, 1, 1))["overdue"] is None

    def test_a_kind_without_a_rule_has_no_due_date(self):
        assert "port" not in periods() and "scenic" not in periods()


class TestHealth:
    def test_alive_and_ready(self, client):
        assert client.get("/healthz").json["status"] == "ok"
        assert client.get("/readyz").json["status"] == "ready"

    def test_counters_count_requests_by_route_and_status(self, client):
        for _ in range(3):
            client.get(f"/parks/{PARK}")
        client.get("/parks/NOWHERE")
        text = client.get("/metrics").get_data(as_text=True)
        lines = [line for line in text.splitlines() if 'route="pages.park"' in line and "requests_total" in line]
        counted = {line.split('status="')[1][:3]: line.split()[-1] for line in lines}
        assert counted == {"200": "3", "404": "1"}
        assert "NOWHERE" not in text


class TestServe:
    def test_a_taken_port_is_refused_before_anything_starts(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(AddressTaken, match=f"--port {port + 1}") as refused:
                require_free("127.0.0.1", port)
            assert refused.value.exit_status == 4

    def test_an_address_of_another_machine_is_refused(self):
        with pytest.raises(AddressTaken):
            require_free("192.0.2.1", 8000)  # RFC 5737: reserved for documentation

    def test_gunicorn_serves_until_it_is_told_to_stop(self, small_store: Store, project_root: Path, tmp_path: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        program = (
            "import os; from gisrisk.server.serve import serve; "
            f"serve('127.0.0.1', {port}, url=os.environ['TEST_STORE_URL'])"
        )
        environment = {**os.environ, "TEST_STORE_URL": small_store.url, "GISRISK_DATA_DIR": str(tmp_path)}
        server = subprocess.Popen(
            [sys.executable, "-c", program], cwd=project_root, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None and f"http://127.0.0.1:{port}/" in server.stdout.readline()
            for _ in range(300):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                        assert json.load(answer)["status"] == "ready"
                    break
                except OSError:
                    assert server.poll() is None, "the server ended by itself"
                    time.sleep(0.1)
            else:
                pytest.fail("the server did not answer")
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0


class TestVendor:
    @pytest.fixture
    def tool(self, project_root: Path) -> dict:
        return runpy.run_path(str(project_root / "tools" / "vendor_web.py"))

    def test_the_lock_file_names_no_registry(self, project_root: Path):
        lock = (project_root / "package-lock.json").read_text(encoding="utf-8")
        assert '"resolved"' not in lock and "https://registry" not in lock
        pinned = json.loads(lock)["packages"]
        assert pinned["node_modules/maplibre-gl"]["version"] == "6.17.0"
        assert pinned["node_modules/leaflet"]["version"] == "1.9.4"

    def test_a_missing_npm_is_told_with_the_command(self, tool, monkeypatch):
        monkeypatch.setenv("PATH", "")
        with pytest.raises(SystemExit, match="apt-get install"):
            tool["find_npm"]()

    def test_the_copies_of_this_checkout_are_those_of_the_pins(self, tool):
        assert tool["is_current"](tool["digest"]())

    def test_other_pins_make_the_copies_stale(self, tool):
        assert not tool["is_current"]("0" * 64)
