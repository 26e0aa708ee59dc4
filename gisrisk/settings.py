"""Settings: one table, read by the help text, `gisrisk settings`, and the documentation test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, default, meaning. Its environment variable is `GISRISK_` + the name in capitals."""

    name: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        return "GISRISK_" + self.name.upper()

    def value(self) -> str:
        return os.environ.get(self.variable, "").strip() or self.default


SETTINGS: tuple[Setting, ...] = (
    Setting("data_dir", "~/.local/share/gisrisk", "Folder of the private PostGIS cluster, rasters and products"),
    Setting(
        "database_url", "", "PostgreSQL URL of an existing PostGIS server; empty: gisrisk starts a private cluster"
    ),
    Setting("lang", "zh", "Language of messages and products: zh or en"),
    Setting("pg_bindir", "", "Folder with initdb and pg_ctl; empty: searched for"),
    Setting(
        "pg_user", "", "System user that runs the private cluster when gisrisk is started by root; empty: postgres"
    ),
    Setting(
        "default_position_uncertainty_m",
        "5",
        "Positional uncertainty taken, and marked assumed, where a feature states none [m]",
    ),
    Setting("port", "8000", "Port of the web server"),
    Setting("host", "127.0.0.1", "Address the web server listens on"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def get(name: str) -> str:
    """Text value of one setting: the environment's, else the default."""
    return _BY_NAME[name].value()


def data_dir() -> Path:
    """Folder of the private cluster, rasters and products; not created here."""
    return Path(get("data_dir")).expanduser().resolve()


def number(name: str) -> float:
    """Value of a numeric setting."""
    return float(get(name))
