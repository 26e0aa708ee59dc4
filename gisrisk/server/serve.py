"""Serve the application with gunicorn from inside Python: `serve(host, port)`."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from gisrisk.errors import GisriskError
from gisrisk.server import assets
from gisrisk.server.app import create_app
from gisrisk.store import open_store

WORKERS = 2
THREADS = 4


class AddressTaken(GisriskError):
    """The address cannot be listened on."""

    exit_status = 4

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"http://{host}:{port} cannot be served: {reason}. Choose another port "
            f"(gisrisk serve --port {port + 1}), or end the program that uses it."
        )


def require_free(host: str, port: int) -> None:
    """Refuse an address that something else listens on, before workers are started.

    Raises
    ------
    AddressTaken
        The port is in use, is reserved for the administrator, or the host name is not one of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = "the port is in use" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
        raise AddressTaken(host, port, reason) from error
    except OverflowError as error:
        raise AddressTaken(host, port, "a port is a number from 1 to 65535") from error


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, make: Callable[[], Any], options: dict[str, Any]) -> None:
        self.make, self.options = make, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            if name in self.cfg.settings:  # older gunicorn knows fewer
                self.cfg.set(name, value)

    def load(self) -> Any:
        return self.make()


def serve(host: str = "127.0.0.1", port: int = 8000, *, url: str | None = None) -> None:
    """Serve until interrupted. Starts the store first, so that a fault shows here and not in a worker.

    Raises
    ------
    AddressTaken
        Something else listens there.
    SetupIncomplete
        The front-end libraries are missing.
    StoreUnavailable
        PostGIS cannot be reached or started.
    """
    require_free(host, port)
    assets.require_libraries(assets.static_folder())
    store = open_store(url)
    address = store.url
    store.close()
    shown = f"[{host}]" if ":" in host else host
    print(f"gisrisk: http://{shown}:{port}/  (Ctrl+C ends it)", flush=True)
    options = {
        "bind": f"{shown}:{port}",
        "worker_class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "timeout": 60,
        "graceful_timeout": 10,
        "loglevel": "warning",
        "proc_name": "gisrisk",
        "control_socket_disable": True,
    }
    _Server(lambda: create_app(url=address), options).run()
