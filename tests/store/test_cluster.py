"""The private cluster: started once, survives what kills it, and says what is missing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from small_town import put, sites

from gisrisk.errors import StoreUnavailable
from gisrisk.store import binaries, cluster, open_store, place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="speaks about what root does")


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="gisrisk-test-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        cluster.remove(made)
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder without a cluster."""
    with new_folder() as made:
        yield made


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    with new_folder() as made:
        yield made


@pytest.fixture
def home(shared_folder: Path) -> Path:
    """A data folder with a running cluster, which the tests of this module kill in turn."""
    cluster.up(shared_folder)
    return shared_folder


def started_by_many(folder: Path, how_many: int) -> set[str]:
    """What `up()` and the server's process number are in processes that all start at the same moment."""
    begin = time.time() + 1.5
    code = (
        "import sys, time; from pathlib import Path; from gisrisk.store import cluster;"
        f"time.sleep(max(0, {begin} - time.time()));"
        "folder = Path(sys.argv[1]); print(cluster.up(folder), cluster.status(folder)['pid'])"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(how_many)
    ]
    answers = {command.communicate(timeout=120)[0].strip() for command in commands}
    assert all(command.returncode == 0 for command in commands)
    return answers


def server_process(folder: Path) -> int:
    pid = cluster.status(folder)["pid"]
    assert isinstance(pid, int)
    return pid


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z":
                return
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} did not end")


def test_commands_at_once_start_one_server_even_below_a_long_path(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)  # no unix socket may have so long a name
    try:
        assert len(started_by_many(deep, 3)) == 1  # they must also make the data folder and the database once
        assert len(cluster.status(deep)["socket_folder"]) < 80
        cluster.down(deep)
        assert len(started_by_many(deep, 3)) == 1
    finally:
        cluster.remove(deep)


def test_killed_server_comes_back_with_all_that_was_committed(home: Path) -> None:
    with open_store(data_dir=home) as store:
        put(store, "enterprise_site", sites("S1", "S2"))
        before = store.read("enterprise_site")
    pid = server_process(home)
    os.kill(pid, signal.SIGKILL)
    with open_store(data_dir=home) as store:  # at once: the old one may still be dying
        assert store.read("enterprise_site").equals(before)
        assert put(store, "enterprise_site", sites("S1", "S2", "S3")).unchanged == 2
    assert server_process(home) != pid


def test_store_opened_before_the_server_was_killed_works_after_it(home: Path) -> None:
    with open_store(data_dir=home) as store:
        put(store, "enterprise_site", sites("S1"))
        before = store.read("enterprise_site")
        pid = server_process(home)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        with pytest.raises(StoreUnavailable, match="cannot be used"):
            store.read("enterprise_site")
        cluster.up(home)
        assert store.read("enterprise_site").equals(before)


def test_process_number_of_another_program_does_not_count_as_a_server(home: Path) -> None:
    """After a container restart the number in postmaster.pid usually belongs to somebody else."""
    cluster.up(home)
    pid_file = home / "pg" / "postmaster.pid"
    content = pid_file.read_text().splitlines()
    pid = server_process(home)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    identity = {}
    where = place.find_place(home)
    if where.system_user is not None:  # PostgreSQL is fooled only by a process of its own user
        identity = {"user": where.uid, "group": where.gid, "extra_groups": []}
    other = subprocess.Popen(["sleep", "60"], cwd="/", **identity)  # type: ignore[call-overload]
    try:
        pid_file.write_text("\n".join([str(other.pid), *content[1:]]) + "\n")
        assert cluster.status(home)["running"] is False
        cluster.up(home)
        assert cluster.status(home)["running"] is True
        assert other.poll() is None  # and the other program was left alone
    finally:
        other.kill()
        other.wait()


def test_server_whose_socket_was_deleted_is_started_again(home: Path) -> None:
    cluster.up(home)
    pid = server_process(home)
    for file in Path(cluster.status(home)["socket_folder"]).iterdir():
        file.unlink()
    with psycopg.connect(cluster.up(home)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server_process(home) != pid


def test_killed_while_making_the_data_folder(folder: Path) -> None:
    where = place.find_place(folder)
    where.make_folders()
    half_made = folder / "pg.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("15\n")
    cluster.up(folder)
    assert not half_made.exists()


def test_killed_before_the_database_was_created(home: Path) -> None:
    url = cluster.up(home)
    with psycopg.connect(url.replace("/gisrisk?", "/postgres?"), autocommit=True) as connection:
        connection.execute("DROP DATABASE gisrisk")
    (home / "pg.created").unlink()
    with open_store(data_dir=home) as store:
        assert store.layer_counts()["park"] == 0


def test_nothing_is_started_by_asking(folder: Path) -> None:
    assert cluster.status(folder)["running"] is False
    assert cluster.down(folder) is False
    assert list(folder.iterdir()) == []


def test_up_and_down_and_status(home: Path) -> None:
    url = cluster.up(home)
    assert cluster.url(home) == url
    facts = cluster.status(home)
    assert facts["running"] is True and facts["postgresql"] >= binaries.OLDEST_SERVER
    assert cluster.down(home) is True
    assert cluster.down(home) is False
    assert cluster.status(home)["running"] is False
    assert cluster.url(home) == url


def test_nobody_else_can_reach_the_server(home: Path) -> None:
    url = cluster.up(home)
    sockets = Path(cluster.status(home)["socket_folder"])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_socket_folder_prepared_by_somebody_else_is_refused(folder: Path) -> None:
    where = place.find_place(folder)
    where.sockets.mkdir(mode=0o777)
    where.sockets.chmod(0o777)
    with pytest.raises(StoreUnavailable, match="socket folder"):
        cluster.up(folder)
    where.sockets.rmdir()


def test_folder_with_other_files_is_not_overwritten(folder: Path) -> None:
    precious = folder / "pg" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("do not lose")
    with pytest.raises(StoreUnavailable, match="not a PostgreSQL data folder"):
        cluster.up(folder)
    assert precious.read_text() == "do not lose"


@as_root
def test_root_hands_the_cluster_to_another_user(home: Path) -> None:
    cluster.up(home)
    assert (home / "pg").stat().st_uid not in (0,)
    assert cluster.status(home)["system_user"] is not None


@as_root
def test_data_folder_of_root_that_others_cannot_search_moves_the_cluster(folder: Path) -> None:
    folder.chmod(0o700)
    where = place.find_place(folder / "data")
    assert where.home.parent == Path("/var/lib/gisrisk")
    assert place.find_place(folder / "other").home != where.home
    folder.chmod(0o755)
    assert place.find_place(folder / "data").home == folder / "data"


@as_root
def test_missing_system_user_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISRISK_PG_USER", "nobody-of-this-name")
    with pytest.raises(StoreUnavailable, match=r"useradd .*nobody-of-this-name"):
        cluster.up(folder)


def fake_installation(folder: Path, version: str, *, with_postgis: bool) -> Path:
    """A folder with programs that only know their version."""
    bindir = folder / "bin"
    bindir.mkdir(parents=True)
    answers = {
        "postgres": f"postgres (PostgreSQL) {version}",
        "pg_config": str(folder / "share"),
        "initdb": "",
        "pg_ctl": "",
    }
    for name, answer in answers.items():
        (bindir / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (bindir / name).chmod(0o755)
    (folder / "share" / "extension").mkdir(parents=True)
    if with_postgis:
        (folder / "share" / "extension" / "postgis.control").touch()
    return bindir


def test_setting_names_the_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bindir = fake_installation(tmp_path, "16.3 (Debian 16.3-1)", with_postgis=True)
    monkeypatch.setenv("GISRISK_PG_BINDIR", str(bindir))
    assert binaries.find_programs() == binaries.Programs(bindir, 16)
    with pytest.raises(StoreUnavailable, match=r"made by PostgreSQL 15.*has PostgreSQL 16"):
        binaries.find_programs(15)


def test_postgis_missing_gives_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bindir = fake_installation(tmp_path, "99.1", with_postgis=False)
    monkeypatch.setenv("GISRISK_PG_BINDIR", str(bindir))
    monkeypatch.setattr(binaries, "_os_release", lambda: {"ID": "debian", "VERSION_ID": "12"})
    with pytest.raises(StoreUnavailable, match="apt-get install -y postgresql-99-postgis-3"):
        binaries.find_programs()


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "apt-get install -y postgresql-15-postgis-3"),
        ({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "24.04"}, "apt-get install -y postgresql-16-postgis-3"),
        ({"ID": "uos", "ID_LIKE": "debian", "VERSION_ID": "20"}, "apt-get install -y postgresql postgis"),
    ],
)
def test_nothing_installed_gives_the_command_of_the_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: dict[str, str], expected: str
) -> None:
    # versions: packages.debian.org, packages.ubuntu.com
    monkeypatch.setenv("GISRISK_PG_BINDIR", str(tmp_path))
    monkeypatch.setattr(binaries, "_os_release", lambda: release)
    with pytest.raises(StoreUnavailable, match=expected):
        binaries.find_programs()
