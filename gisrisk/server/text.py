"""The words of the pages: web/text.yaml read once, and the language of the present request."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from flask import Flask, Response, g, has_request_context, request

from gisrisk import settings
from gisrisk.errors import SetupIncomplete
from gisrisk.paths import shipped

LANGUAGES = ("zh", "en")
COOKIE = "gisrisk_lang"
_YEAR_S = 365 * 24 * 3600


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every text of the pages: key -> language -> words.

    Raises
    ------
    SetupIncomplete
        A key lacks a language; the file is part of the installation.
    """
    with shipped("web", "text.yaml").open(encoding="utf-8") as file:
        table: dict[str, dict[str, str]] = yaml.safe_load(file)
    for key, words in table.items():
        if set(words) != set(LANGUAGES) or not all(isinstance(word, str) for word in words.values()):
            raise SetupIncomplete(f"web/text.yaml: '{key}' needs exactly the languages {', '.join(LANGUAGES)}")
    return table


@cache
def words(lang: str) -> dict[str, str]:
    """All texts in one language, as the page's modules read them."""
    return {key: table[lang] for key, table in texts().items()}


def translate(lang: str, key: str, **values: Any) -> str:
    """Text `key` in language `lang` with `{name}` filled in.

    Raises
    ------
    KeyError
        There is no such text: a mistake of ours that must not reach a page as a blank.
    """
    return texts()[key][lang].format(**values) if values else texts()[key][lang]


def language() -> str:
    """Language of this request: `?lang=`, else the cookie, else the setting; Chinese when none of them is known."""
    if not has_request_context():
        return _known(settings.get("lang")) or "zh"
    if "lang" not in g:
        g.lang = (
            _known(request.args.get("lang"))
            or _known(request.cookies.get(COOKIE))
            or _known(settings.get("lang"))
            or "zh"
        )
    chosen: str = g.lang
    return chosen


def t(key: str, **values: Any) -> str:
    """Text `key` in the language of this request."""
    return translate(language(), key, **values)


def either(row: Any, stem: str) -> str:
    """The `<stem>_zh` or `<stem>_en` of an object or mapping, by the language of this request."""
    name = f"{stem}_{language()}"
    value = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
    return str(value) if value is not None else ""


def _known(code: str | None) -> str | None:
    return code if code in LANGUAGES else None


def remember_language(response: Response) -> Response:
    """Keep the choice made with `?lang=` for the next page."""
    chosen = _known(request.args.get("lang"))
    if chosen is not None:
        response.set_cookie(COOKIE, chosen, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response


def init_app(app: Flask) -> None:
    """Give templates `t`, `either` and `lang`, and remember the language after each request."""
    app.jinja_env.globals.update(t=t, either=either)
    app.context_processor(lambda: {"lang": language()})
    app.after_request(remember_language)
