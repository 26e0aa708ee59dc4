"""The private PostGIS cluster: made on first use, started when needed, stopped on demand.

`up()` is idempotent and safe to call from many processes at once: a file lock lets one of them make and start the
cluster while the others wait. The server is detached and outlives the command that started it. It listens on no
network address; its unix socket lies in a folder with mode 0700 owned by the system user that runs the cluster, so
only that user and root can reach it. Inside that fence `pg_hba.conf` trusts local connections (host connections are
rejected): a peer rule would refuse root, who must run the cluster as another user, and a password would have to lie in
a file behind the same fence.

`fsync` and full-page writes stay on: a killed server recovers by itself at the next `up()`, with every committed
import in place and nothing of an unfinished one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gisrisk.errors import StoreUnavailable
from gisrisk.store.binaries import Programs, find_programs
from gisrisk.store.place import Place, find_place, make_private

DATABASE = "gisrisk"
ROLE = "gisrisk"
PORT = 5432  # names the socket file only
_PATIENCE_S = 120.0
_ORPHANS_LEAVE_S = 30.0


def up(data_dir: Path | None = None) -> str:
    """Make and start the private cluster if needed; return its URL.

    Parameters
    ----------
    data_dir : Path, optional
        Folder the cluster belongs to; default: the setting `data_dir`.

    Raises
    ------
    StoreUnavailable
        PostgreSQL or PostGIS is missing, or the server does not start; the message says what to run.
    """
    place = find_place(data_dir)
    if (server := _running(place)) is not None and server.usable and place.marker.exists():
        return _url(server.sockets)
    place.make_folders()
    with _locked(place):
        server = _running(place)
        if server is not None and not server.usable:
            server = _settle(place)
        if server is None:
            programs = find_programs(_data_version(place))
            if _data_version(place) is None:
                _initialise(place, programs)
            _start(place, programs)
            server = _running(place)
        if server is None:
            raise StoreUnavailable(f"The private cluster stopped again at once. {_last_words(place)}")
        if not place.marker.exists():
            _create_database(_url(server.sockets, "postgres"), _url(server.sockets))
            place.marker.touch()
    return _url(server.sockets)


def down(data_dir: Path | None = None) -> bool:
    """Stop the private cluster; True when it was running. Open transactions are rolled back.

    Raises
    ------
    StoreUnavailable
        It does not stop within two minutes.
    """
    place = find_place(data_dir)
    if _running(place) is None:
        return False
    with _locked(place):
        return _stop(place)


def url(data_dir: Path | None = None) -> str:
    """URL of the private cluster, running or not."""
    place = find_place(data_dir)
    server = _running(place)
    return _url(server.sockets if server else place.sockets)


def status(data_dir: Path | None = None) -> dict[str, Any]:
    """What is known about the private cluster; starts nothing.

    Returns
    -------
    dict
        `running` (bool), `pid`, `url`, `data_folder`, `socket_folder`, `system_user`, `postgresql` (major version of
        the data folder), `size_bytes` of the data folder. What does not exist yet is None.
    """
    place = find_place(data_dir)
    server = _running(place)
    return {
        "running": server is not None and server.usable,
        "pid": server.pid if server else None,
        "url": _url(server.sockets if server else place.sockets),
        "data_folder": str(place.data),
        "socket_folder": str(server.sockets if server else place.sockets),
        "system_user": place.system_user,
        "postgresql": _data_version(place),
        "size_bytes": _size(place.data),
    }


def remove(data_dir: Path | None = None) -> None:
    """Stop the private cluster and delete all its data, for throw-away clusters. There is no way back."""
    place = find_place(data_dir)
    if not place.home.exists():
        return
    with _locked(place):
        _stop(place, signal.SIGQUIT)  # "immediate": what would be saved is deleted next
        place.marker.unlink(missing_ok=True)
        for folder in (place.data, place.sockets):
            shutil.rmtree(folder, ignore_errors=True)
    place.lock_file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        place.home.rmdir()  # only when nothing else lies in it


# ---------------------------------------------------------------- the running server


@dataclass(frozen=True, slots=True)
class _Server:
    pid: int
    sockets: Path
    ready: bool

    @property
    def usable(self) -> bool:
        return self.ready and (self.sockets / f".s.PGSQL.{PORT}").exists()


def _running(place: Place) -> _Server | None:
    """The live postmaster of this data folder, by its own postmaster.pid; a stale file is no server."""
    try:
        lines = (place.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    except PermissionError as error:
        raise StoreUnavailable(
            f"{place.data} cannot be read by this user; run gisrisk as the user that owns it, or as root."
        ) from error
    if not _is_our_postmaster(pid, place.data):
        return None
    sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else place.sockets
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return _Server(pid, sockets, ready)


def _is_our_postmaster(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server on this data folder; after a reboot the number may be anybody's."""
    if sys.platform == "linux":
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return Path(os.fsdecode(arguments[0])).name in {"postgres", "postmaster"} and os.fsencode(data) in arguments
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return "postgres" in shown.stdout and str(data) in shown.stdout


def _settle(place: Place) -> _Server | None:
    """Wait for a server that is starting or recovering; stop one whose socket was deleted under it."""
    deadline = time.monotonic() + _PATIENCE_S
    while (server := _running(place)) is not None:
        if server.usable:
            return server
        if server.ready:
            _stop(place)
            return None
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"The private cluster has not become ready. {_last_words(place)}")
        time.sleep(0.05)
    return None


# ---------------------------------------------------------------- make, start, stop


def _initialise(place: Place, programs: Programs) -> None:
    """Make the data folder under another name and rename it, so that a killed initdb leaves nothing half made."""
    for left_over in place.home.glob("pg.new*"):
        shutil.rmtree(left_over, ignore_errors=True)
    if place.data.exists():
        if any(place.data.iterdir()):
            raise StoreUnavailable(
                f"{place.data} exists but is not a PostgreSQL data folder (no PG_VERSION). Move it away, or set "
                "GISRISK_DATA_DIR to another folder."
            )
        place.data.rmdir()
    fresh = place.home / "pg.new"
    make_private(fresh, place)
    options = ["--username", ROLE, "--encoding=UTF8", "--data-checksums", "--auth-local=trust", "--auth-host=reject"]
    for locale in ("C.UTF-8", "C"):  # C.UTF-8 is missing on some systems; both sort by code point
        done = _run(place, [programs["initdb"], "--pgdata", str(fresh), f"--locale={locale}", *options])
        if done.returncode == 0:
            break
    else:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StoreUnavailable(f"initdb failed in {fresh}: {done.stderr.strip() or done.stdout.strip()}")
    with open(fresh / "postgresql.conf", "a", encoding="utf-8") as file:
        file.write("\ninclude 'gisrisk.conf'  # rewritten by gisrisk at every start\n")
    place.marker.unlink(missing_ok=True)
    fresh.rename(place.data)


def _start(place: Place, programs: Programs) -> None:
    _write_configuration(place)
    log = place.data / "startup.log"
    command = [programs["pg_ctl"], "start", "--pgdata", str(place.data), "--wait", "--timeout", str(int(_PATIENCE_S))]
    deadline = time.monotonic() + _ORPHANS_LEAVE_S
    while True:
        _forget_dead_server(place)
        log.unlink(missing_ok=True)
        done = _run(place, [*command, "--silent", "--log", str(log)])
        if done.returncode == 0 and _running(place) is not None:
            return
        # After kill -9 of the postmaster its children still hold the shared memory for a moment.
        orphans = "shared memory block" in _tail(log)
        if not orphans or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    hint = (
        "Processes of a killed server still work on this folder; end them (ps -ef | grep postgres) and try again. "
        if orphans
        else ""
    )
    raise StoreUnavailable(
        f"The private cluster in {place.data} does not start. {hint}{_last_words(place)} {done.stderr.strip()}"
    )


def _write_configuration(place: Place) -> None:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    shared_mb = max(128, min(memory_mb // 8, 1024))
    maintenance_mb = max(64, min(memory_mb // 16, 512))
    configuration = place.data / "gisrisk.conf"
    configuration.write_text(
        "# Written by gisrisk at every start. Put your own settings at the end of postgresql.conf: the last one wins.\n"
        "listen_addresses = ''\n"
        f"port = {PORT}\n"
        f"unix_socket_directories = '{place.sockets}'\n"
        "unix_socket_permissions = 0700\n"
        "fsync = on\n"
        f"shared_buffers = {shared_mb}MB\n"
        f"maintenance_work_mem = {maintenance_mb}MB\n"
        "work_mem = 64MB\n"
        "max_wal_size = 4GB\n"
        "wal_level = minimal\n"  # no standby reads this log, so bulk loads need not fill it
        "max_wal_senders = 0\n"
        "random_page_cost = 1.1\n"
        "jit = off\n"  # compiling costs more than our short spatial queries
        "timezone = 'UTC'\n"
        "logging_collector = on\n"
        "log_directory = 'log'\n"
        "log_filename = 'server-%a.log'\n"  # one file a weekday, overwritten a week later
        "log_rotation_age = 1d\n"
        "log_rotation_size = 0\n"
        "log_truncate_on_rotation = on\n",
        encoding="utf-8",
    )
    if place.system_user is not None:
        os.chown(configuration, place.uid, place.gid)


def _forget_dead_server(place: Place) -> None:
    """Remove lock files whose process number belongs to no server of ours.

    After a container restart the number is usually some other process's, and where nobody collects dead processes a
    killed server keeps its number. PostgreSQL only sees that the number is in use and refuses to start. Its
    shared-memory check still protects the folder if children of the old server are left; the socket folder is ours
    alone, and we hold the file lock.
    """
    if _running(place) is not None:
        return
    for file in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (place.sockets / file).unlink(missing_ok=True)
    pid_file = place.data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        pid = int(pid_file.read_text(encoding="utf-8", errors="replace").splitlines()[0])
        if _exists(pid):
            pid_file.unlink()


def _stop(place: Place, how: signal.Signals = signal.SIGINT) -> bool:
    """Send a shut-down signal (SIGINT is PostgreSQL's "fast") and wait until the server is gone."""
    server = _running(place)
    if server is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, how)
    deadline = time.monotonic() + _PATIENCE_S
    while _running(place) is not None:
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"The private cluster (process {server.pid}) does not stop. {_last_words(place)}")
        time.sleep(0.02)
    return True


def _create_database(maintenance_url: str, database_url: str) -> None:
    import psycopg

    try:
        with psycopg.connect(maintenance_url, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")  # type: ignore[arg-type,unused-ignore]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    except psycopg.Error as error:
        raise StoreUnavailable(f"The database could not be created in the private cluster: {error}") from error


# ---------------------------------------------------------------- small tools


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[None]:
    """One process at a time makes, starts or stops this cluster; the lock ends with its holder, even a killed one."""
    try:
        file = open(place.lock_file, "a", encoding="utf-8")  # noqa: SIM115 - closed below, also when flock fails
    except PermissionError as error:
        raise StoreUnavailable(
            f"{place.lock_file} cannot be written by this user; run gisrisk as the user that owns {place.data}."
        ) from error
    with file:
        if place.system_user is not None:  # that user may run the cluster itself one day
            os.fchown(file.fileno(), place.uid, place.gid)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(place: Place, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a PostgreSQL program as the cluster's user, detached from our terminal and free of PG* variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment["LC_ALL"] = "C"
    identity: dict[str, Any] = {}
    if place.system_user is not None:
        groups = os.getgrouplist(place.system_user, place.gid)
        identity = {"user": place.uid, "group": place.gid, "extra_groups": groups}
    try:
        return subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
            **identity,
        )
    except PermissionError as error:
        raise StoreUnavailable(f"{command[0]} could not be run as {place.system_user}: {error}") from error


def _url(sockets: Path, database: str = DATABASE) -> str:
    return f"postgresql://{ROLE}@/{database}?host={quote(str(sockets), safe='')}&port={PORT}"


def _data_version(place: Place) -> int | None:
    try:
        return int((place.data / "PG_VERSION").read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _size(folder: Path) -> int | None:
    if not folder.is_dir():
        return None
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # the running server removes files as we look
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def _tail(file: Path, lines: int = 5) -> str:
    try:
        return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _last_words(place: Place) -> str:
    logs = [place.data / "startup.log"]
    with contextlib.suppress(OSError):
        logs += sorted((place.data / "log").glob("*.log"), key=lambda file: file.stat().st_mtime)[-1:]
    words = [f"{file}: {text}" for file in logs if (text := _tail(file))]
    return "Last lines of its log:\n" + "\n".join(words) if words else ""
