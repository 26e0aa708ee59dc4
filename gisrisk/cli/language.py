"""The language the command line speaks: Chinese, or English where the setting says so."""

from __future__ import annotations

from gisrisk import settings


def say(zh: str, en: str) -> str:
    """The text in the language of the setting `lang`."""
    return en if settings.get("lang") == "en" else zh
