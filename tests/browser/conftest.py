"""A real Chromium on the served small area. Without Chromium the tests fail with the command that installs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from small_area import PARK, SHEET_TEXT, STUDY, small_store
from werkzeug.serving import make_server

from gisrisk.server import create_app
from gisrisk.store import Store

__all__ = ["small_store"]


@pytest.fixture(scope="session")
def site(small_store: Store) -> Iterator[str]:
    """Address of the application on a free port of this host, with a real PDF of the park among the products."""
    folder = small_store.data_dir / "products" / STUDY
    folder.mkdir(parents=True, exist_ok=True)
    make_pdf(folder / f"park_{PARK}.pdf")
    server = make_server("127.0.0.1", 0, create_app(small_store), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)


def make_pdf(path) -> None:
    """One A3 page with Chinese text that can be read out again."""
    import matplotlib.pyplot as plt
    from matplotlib import font_manager

    family = next(font.name for font in font_manager.fontManager.ttflist if "CJK" in font.name)
    with plt.rc_context({"font.family": [family], "pdf.fonttype": 42}):
        figure = plt.figure(figsize=(16.5, 11.7))
        figure.text(0.5, 0.5, SHEET_TEXT, ha="center")
        figure.savefig(path)
        plt.close(figure)


@dataclass
class Reader:
    """A tab with what happened in it."""

    page: Page
    base: str
    hosts: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.base + address)

    def open_map(self, address: str = "/") -> str:
        """Go to a page with a map and wait until it has been drawn; the name of its engine."""
        self.open(address)
        return self.wait_for_map()

    def wait_for_map(self) -> str:
        """Wait until the map of the present page has been drawn; the name of its engine."""
        self.wait("Boolean(window.gisriskReady)")
        engine: str = self.page.evaluate("window.gisriskReady")
        return engine

    def wait(self, expression: str) -> None:
        """Wait until an expression is true. (Playwright's own way needs `eval`, which our content policy forbids.)"""
        for _ in range(600):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"never true: {expression}")

    def project(self, lon: float, lat: float) -> tuple[float, float]:
        """Place on the map in pixels from its upper left corner."""
        x, y = self.page.evaluate("(at) => { const p = gisriskMap.project(at); return [p.x, p.y]; }", [lon, lat])
        return x, y

    def click_at(self, lon: float, lat: float) -> None:
        """Click on the map at a place."""
        x, y = self.project(lon, lat)
        box = self.page.locator("#map").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x, box["y"] + y)


def _watch(page: Page, base: str) -> Reader:
    reader = Reader(page, base)
    page.on("request", lambda request: reader.hosts.add(urlsplit(request.url).hostname or request.url[:40]))
    page.on("pageerror", lambda error: reader.failures.append(str(error)))
    page.on("console", lambda said: reader.failures.append(said.text) if said.type in ("error", "warning") else None)
    page.on(
        "response",
        lambda answer: reader.failures.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    page.set_default_timeout(30_000)
    return reader


@pytest.fixture
def reader(chromium: Browser, site: str) -> Iterator[Reader]:
    """A fresh tab; afterwards: nothing failed in it, and it asked this host only."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True, locale="zh-CN")
    watched = _watch(context.new_page(), site)
    yield watched
    context.close()
    assert not watched.failures
    assert {host for host in watched.hosts if not host.startswith(("data:", "blob:"))} == {"127.0.0.1"}
