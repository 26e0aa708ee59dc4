"""Where PostgreSQL's own programs are on this machine, and what to install when they are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gisrisk import settings
from gisrisk.errors import StoreUnavailable

OLDEST_SERVER = 13  # gen_random_uuid() in core, generated columns

# Debian and Ubuntu name the package after the server version they ship.
_APT_VERSION = {
    ("debian", "11"): 13,
    ("debian", "12"): 15,
    ("debian", "13"): 17,
    ("ubuntu", "22.04"): 14,
    ("ubuntu", "24.04"): 16,
    ("ubuntu", "26.04"): 18,
}


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL installation that also has PostGIS."""

    bindir: Path
    major: int

    def __getitem__(self, program: str) -> str:
        return str(self.bindir / program)


def find_programs(major: int | None = None) -> Programs:
    """The newest PostgreSQL with PostGIS on this machine.

    Looks at the setting `pg_bindir`, `pg_config --bindir`, PATH, Debian's and PGDG's folders (newest first), Homebrew
    and the active conda environment, in this order.

    Parameters
    ----------
    major : int, optional
        Accept only this major version: a data folder can be opened only by the version that made it.

    Raises
    ------
    StoreUnavailable
        None fits; the message holds the command that installs one.
    """
    without_postgis: list[int] = []
    other_versions: list[int] = []
    for bindir in _candidates():
        found = _major(bindir)
        if found is None or found < OLDEST_SERVER:
            continue
        if not _has_postgis(bindir, found):
            without_postgis.append(found)
        elif major is not None and found != major:
            other_versions.append(found)
        else:
            return Programs(bindir, found)
    if major is not None and other_versions:
        raise StoreUnavailable(
            f"The data folder was made by PostgreSQL {major}, but this machine has PostgreSQL {other_versions[0]}; "
            f"one version cannot open the folder of another. Install the old one ({install_command(major)}), or "
            "restore a back-up into a fresh data folder (docs/operations.md)."
        )
    if without_postgis:
        wanted = major if major in without_postgis else without_postgis[0]
        raise StoreUnavailable(
            f"PostgreSQL {wanted} is installed, but its PostGIS extension is not (no share/extension/postgis.control). "
            f"Run: {install_command(wanted)}"
        )
    raise StoreUnavailable(
        "gisrisk keeps its layers in PostGIS, and no PostgreSQL server programs (initdb, pg_ctl) were found. "
        f"Run: {install_command(major)}\n"
        "If they are somewhere else, set GISRISK_PG_BINDIR to their folder; to use a server that already runs, set "
        "GISRISK_DATABASE_URL=postgresql://user:password@host/database."
    )


def install_command(major: int | None = None) -> str:
    """The command that installs PostgreSQL with PostGIS on this distribution."""
    if sys.platform == "darwin":
        return "brew install postgresql@17 postgis"
    release = _os_release()
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    version = release.get("VERSION_ID", "")
    sudo = "" if os.geteuid() == 0 else "sudo "
    if "debian" in names or "ubuntu" in names or shutil.which("apt-get"):
        major = major or _APT_VERSION.get((names[0], version))
        package = f"postgresql-{major}-postgis-3" if major else "postgresql postgis"
        return f"{sudo}apt-get install -y {package}"
    if "alpine" in names:
        return f"{sudo}apk add postgresql postgis"
    if "arch" in names:
        return f"{sudo}pacman -S --needed postgresql postgis"
    if any("suse" in name for name in names):
        return f"{sudo}zypper install postgresql-server postgresql-postgis"
    if shutil.which("dnf") or shutil.which("yum"):
        tool = "dnf" if shutil.which("dnf") else "yum"
        return f"{sudo}{tool} install -y postgresql-server postgresql-contrib postgis"
    return "install the packages 'PostgreSQL server' and 'PostGIS' of your distribution"


def _os_release() -> dict[str, str]:
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return {}
    return {m[1]: m[2] for m in re.finditer(r'^(\w+)="?(.*?)"?$', text, re.MULTILINE)}


def _candidates() -> Iterator[Path]:
    """Folders that hold an initdb, best first, each once."""
    seen: set[Path] = set()
    for folder in _folders():
        if not (folder / "initdb").is_file() or not (folder / "pg_ctl").is_file():
            continue
        real = folder.resolve()
        if real not in seen:
            seen.add(real)
            yield folder


def _folders() -> Iterator[Path]:
    told = settings.get("pg_bindir")
    if told:  # the user decided: nothing else is searched
        yield Path(told).expanduser()
        return
    pg_config = shutil.which("pg_config")
    if pg_config and (answer := _output([pg_config, "--bindir"])):
        yield Path(answer)
    initdb = shutil.which("initdb")
    if initdb:
        yield Path(initdb).resolve().parent
    for pattern in (
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/usr/lib/postgresql*/bin",
        "/usr/libexec/postgresql*",
    ):
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_number_in, reverse=True)
    for prefix in ("/opt/homebrew", "/usr/local", os.environ.get("CONDA_PREFIX", "")):
        if prefix:
            yield Path(prefix) / "bin"


def _number_in(path: Path) -> int:
    found = re.search(r"(\d+)", str(path))
    return int(found[1]) if found else 0


def _major(bindir: Path) -> int | None:
    """Major version of the server in a folder; None: it does not run."""
    answer = _output([str(bindir / "postgres"), "--version"])  # "postgres (PostgreSQL) 15.14 (Debian ...)"
    found = re.search(r"\)\s+(\d+)", answer)
    return int(found[1]) if found else None


def _has_postgis(bindir: Path, major: int) -> bool:
    shares = [
        bindir.parent / "share" / "postgresql",
        bindir.parent / "share",
        bindir.parent / "share" / f"postgresql@{major}",
        Path(f"/usr/share/postgresql/{major}"),
        Path(f"/usr/share/postgresql{major}"),
        Path("/usr/share/pgsql"),
    ]
    if (bindir / "pg_config").is_file() and (answer := _output([str(bindir / "pg_config"), "--sharedir"])):
        shares.insert(0, Path(answer))
    return any((share / "extension" / "postgis.control").is_file() for share in shares)


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
