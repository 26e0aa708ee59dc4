"""The connection to PostGIS: which server, whether it is fit, and whether its tables are up to date."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg
import sqlalchemy as sa

from gisrisk import settings
from gisrisk.errors import StoreUnavailable
from gisrisk.store import cluster
from gisrisk.store.binaries import OLDEST_SERVER
from gisrisk.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA = "gisrisk"
OLDEST_POSTGIS = (3, 1)
_MIGRATION_LOCK = 4_490_003_857  # any number, the same in every version of gisrisk
_DRIVER = "postgresql+psycopg"


def connect(url: str | None = None, *, data_dir: Path | None = None) -> sa.Engine:
    """An engine on a fit server whose tables are up to date.

    Parameters
    ----------
    url : str, optional
        `postgresql://...`; default: the setting `database_url`, and when that is empty the private cluster, which is
        started if needed.
    data_dir : Path, optional
        Folder the private cluster belongs to; default: the setting.

    Raises
    ------
    StoreUnavailable
        The server cannot be reached or started, is too old, lacks PostGIS, or was migrated by a newer gisrisk.
    """
    url = url or settings.get("database_url")
    if url:
        engine = make_engine(url)
        try:
            _prepare(engine)
        except sa.exc.DBAPIError as error:
            engine.dispose()
            raise _unreachable(error, engine) from error
        return engine
    for attempt in range(5):
        engine = make_engine(cluster.up(data_dir))
        try:
            _prepare(engine)
        except sa.exc.OperationalError as error:  # a killed server may look alive for a moment
            engine.dispose()
            if attempt == 4:
                raise _unreachable(error, engine) from error
            time.sleep(0.1 * 2**attempt)
        else:
            break
    return engine


def make_engine(url: str) -> sa.Engine:
    """An engine with our search path and UTC times; opens no connection yet.

    Raises
    ------
    StoreUnavailable
        The URL is not one of PostgreSQL.
    """
    scheme, separator, rest = url.partition("://")
    if scheme not in {"postgres", "postgresql", _DRIVER} or not separator:
        raise StoreUnavailable(
            f"'{scheme}' is not a PostgreSQL URL. Write postgresql://user:password@host:5432/database, or unset "
            "GISRISK_DATABASE_URL to use the private cluster."
        )
    engine = sa.create_engine(
        f"{_DRIVER}://{rest}",
        pool_pre_ping=True,
        pool_size=10,
        connect_args={"connect_timeout": 10, "application_name": "gisrisk"},
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(f"SET search_path TO {SCHEMA}, public, postgis; SET timezone TO 'UTC'")
        connection.commit()

    return engine


@contextlib.contextmanager
def reading(engine: sa.Engine) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor for queries that change nothing.

    Raises
    ------
    StoreUnavailable
        The connection is lost or refused.
    """
    with _reachable(engine), engine.connect() as connection:
        yield cast("psycopg.Cursor[Any]", connection.connection.cursor())


@contextlib.contextmanager
def writing(engine: sa.Engine) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor in one transaction: committed when the block ends, rolled back when it raises.

    Raises
    ------
    StoreUnavailable
        The connection is lost or refused; nothing was stored.
    """
    with _reachable(engine), engine.begin() as connection:
        yield cast("psycopg.Cursor[Any]", connection.connection.cursor())


@contextlib.contextmanager
def _reachable(engine: sa.Engine) -> Iterator[None]:
    """Turn a lost or refused connection into `StoreUnavailable`; other database errors pass."""
    try:
        yield
    except sa.exc.OperationalError as error:
        raise _unreachable(error, engine) from error
    except psycopg.OperationalError as error:
        raise _unreachable(error, engine) from error


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the tables to a revision, in one transaction; other processes that want the same wait and find it done."""
    from alembic import command

    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        config = alembic_config(connection)
        if revision != "base" and not revision.startswith("-"):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration, bound to an open connection; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _prepare(engine: sa.Engine) -> None:
    """Check the server, then migrate if it is not at our revision. Two short queries when nothing is to do."""
    with engine.connect() as connection:
        version, postgis, stamped = connection.execute(
            sa.text(
                "SELECT current_setting('server_version_num')::int,"
                " (SELECT extversion FROM pg_extension WHERE extname = 'postgis'),"
                f" to_regclass('{SCHEMA}.alembic_version') IS NOT NULL"
            )
        ).one()
        revision = None
        if stamped:
            revision = connection.execute(sa.text(f"SELECT version_num FROM {SCHEMA}.alembic_version")).scalar()
    if version < OLDEST_SERVER * 10_000:
        raise StoreUnavailable(f"The server is PostgreSQL {version // 10_000}; gisrisk needs {OLDEST_SERVER} or newer.")
    if postgis is None:
        postgis = _create_postgis(engine)
    if tuple(int(part) for part in postgis.split(".")[:2]) < OLDEST_POSTGIS:
        raise StoreUnavailable(
            f"The database has PostGIS {postgis}; gisrisk needs {'.'.join(map(str, OLDEST_POSTGIS))} or newer. Upgrade "
            "the package, then run SELECT postgis_extensions_upgrade() in the database."
        )
    if revision == HEAD:
        return
    if revision is not None and not _known(revision):
        raise StoreUnavailable(
            f"The tables were made by a newer gisrisk (revision {revision}). Upgrade this installation, or use another "
            "database."
        )
    migrate(engine)


def _create_postgis(engine: sa.Engine) -> str:
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis"))
            found = connection.execute(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'"))
            return str(found.scalar_one())
    except sa.exc.DBAPIError as error:
        raise StoreUnavailable(
            "The database has no PostGIS extension, and this user may not create it. Install the PostGIS package "
            "on the server and run CREATE EXTENSION postgis in the database as its administrator. "
            f"({_first_line(error)})"
        ) from error


def _known(revision: str) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    with contextlib.suppress(CommandError):
        scripts = ScriptDirectory(str(Path(__file__).parent / "migrations"))
        return scripts.get_revision(revision) is not None
    return False


def _unreachable(error: Exception, engine: sa.Engine) -> StoreUnavailable:
    place = engine.url.render_as_string(hide_password=True).replace(_DRIVER, "postgresql", 1)
    return StoreUnavailable(
        f"PostGIS at {place} cannot be used: {_first_line(error)}. Check that the server runs and that "
        "GISRISK_DATABASE_URL is right (gisrisk db status)."
    )


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
