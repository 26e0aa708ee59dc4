"""Where the private cluster lies and which system user runs it.

PostgreSQL refuses to run as root, and its data folder must lie where its own user can reach it. An ordinary user keeps
the cluster in `<data_dir>/pg` and runs it. Root hands it to the user `postgres` (setting `pg_user`); when that user
cannot search the path to `data_dir` (the default lies below /root, which is 0700), the cluster goes to
`/var/lib/gisrisk/<hash of data_dir>/pg` instead. Rasters and products stay in `data_dir` either way.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gisrisk import settings
from gisrisk.errors import StoreUnavailable

_LONGEST_SOCKET_FOLDER = 80  # bytes; the socket's full name must stay below 104 (macOS) or 108 (Linux)
_ROOT_HOME = Path("/var/lib/gisrisk")


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one private cluster and its system user (None: the user we are)."""

    home: Path
    system_user: str | None
    uid: int
    gid: int

    @property
    def data(self) -> Path:
        return self.home / "pg"

    @property
    def lock_file(self) -> Path:
        return self.home / "pg.lock"

    @property
    def marker(self) -> Path:
        """Exists once the database and its PostGIS extension have been created."""
        return self.home / "pg.created"

    @property
    def sockets(self) -> Path:
        """Folder of the unix socket: beside the data, or a short path when that one is too long for a socket."""
        beside = self.home / "run"
        if len(os.fsencode(beside)) <= _LONGEST_SOCKET_FOLDER and re.fullmatch(r"[\w./-]+", str(beside), re.ASCII):
            return beside
        parent = Path("/run") if os.geteuid() == 0 and os.path.isdir("/run") else Path(tempfile.gettempdir())
        if len(os.fsencode(parent)) > _LONGEST_SOCKET_FOLDER - 30:
            parent = Path("/tmp")
        return parent / f"gisrisk-{self.uid}-{_digest(self.home)}"

    def make_folders(self) -> None:
        """Create home and socket folder; refuse a socket folder that somebody else prepared.

        Raises
        ------
        StoreUnavailable
            A folder cannot be made, or the socket folder is not ours alone.
        """
        try:
            make_searchable(self.home)
            make_private(self.sockets, self)
        except OSError as error:
            raise StoreUnavailable(
                f"The private cluster needs the folder {error.filename}, which cannot be made: {error.strerror}. "
                "Set GISRISK_DATA_DIR to a folder you may write."
            ) from error
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.uid or stat.S_IMODE(found.st_mode) != 0o700:
            raise StoreUnavailable(
                f"The socket folder {self.sockets} is not a folder that user {self.uid} alone may enter; whoever made "
                "it could read the database. Remove it and try again."
            )


def find_place(data_dir: Path | None = None) -> Place:
    """The place of the private cluster that belongs to `data_dir` (default: the setting).

    Raises
    ------
    StoreUnavailable
        Root has no other user to run PostgreSQL as, or the cluster belongs to another user.
    """
    folder = (data_dir or settings.data_dir()).expanduser().resolve()
    if os.geteuid() != 0:
        owner = _owner(folder / "pg")
        if owner is not None and owner != os.geteuid():
            raise StoreUnavailable(
                f"The cluster in {folder / 'pg'} belongs to the system user {_name(owner)}. Run gisrisk as that user "
                "or as root, or set GISRISK_DATA_DIR to a folder of your own."
            )
        return Place(folder, None, os.geteuid(), os.getegid())
    owner = _owner(folder / "pg")
    user = _entry(owner) if owner else _cluster_user()
    home = folder if owner or _can_search(user, folder) else _ROOT_HOME / _digest(folder)
    return Place(home, user.pw_name, user.pw_uid, user.pw_gid)


def make_searchable(folder: Path) -> None:
    """Create a folder and its missing parents so that other users may pass through, whatever the umask is."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(0o755)


def make_private(folder: Path, place: Place) -> None:
    """Create a folder that only the cluster's user may enter; one that exists is left as it is.

    It is made under another name and moved in when owner and mode are right, so that another command that starts at
    the same moment never sees it half made.
    """
    if os.path.lexists(folder):
        return
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made.chmod(0o700)
        if place.system_user is not None:
            os.chown(made, place.uid, place.gid)
        os.rename(made, folder)
    except OSError:
        with contextlib.suppress(OSError):
            made.rmdir()
        if not os.path.lexists(folder):  # else another command was quicker, and its folder is as good
            raise


def _cluster_user() -> pwd.struct_passwd:
    name = settings.get("pg_user") or "postgres"
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise StoreUnavailable(
            f"PostgreSQL refuses to run as root, and the system user '{name}' that should run it does not exist. "
            f"Run: useradd --system --no-create-home {name}   (or name another one in GISRISK_PG_USER)"
        ) from None
    if user.pw_uid == 0:
        raise StoreUnavailable("GISRISK_PG_USER must not be root: PostgreSQL refuses to run as root.")
    return user


def _can_search(user: pwd.struct_passwd, folder: Path) -> bool:
    """Whether a user may pass through every existing part of a path (mode bits; access lists are not read)."""
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    for part in (folder, *folder.parents):
        try:
            found = part.stat()
        except FileNotFoundError:
            continue  # we shall make it, with mode 0755
        if found.st_uid == user.pw_uid:
            allowed = found.st_mode & stat.S_IXUSR
        elif found.st_gid in groups:
            allowed = found.st_mode & stat.S_IXGRP
        else:
            allowed = found.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def _owner(folder: Path) -> int | None:
    """Owner of a folder; None when it is absent (or, for root, when root left it half made)."""
    try:
        uid = folder.stat().st_uid
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    return uid or None


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise StoreUnavailable(
            f"The cluster's data folder belongs to user number {uid}, whom this machine does not know. Give it to the "
            "user that runs PostgreSQL: chown -R postgres <data folder>."
        ) from None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
