"""A page that asks the network for nothing: libraries written into it, and a check that no remote address is left."""

from __future__ import annotations

import base64
import mimetypes
import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from gisrisk.errors import SetupIncomplete
from gisrisk.paths import shipped

_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")
_REMOTE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_LOADS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "manifest", "xlink:href")
_SCRIPT_LOAD = re.compile(
    r"(?:tileLayer(?:\.wms)?|fetch|import|importScripts|open|Request|d3\.\w+)\s*\(?\s*['\"`]((?:https?:)?//[^'\"`]+)"
    r"|\bfrom\s*['\"]((?:https?:)?//[^'\"]+)"
    r"|\.(?:src|href)\s*=\s*['\"`]((?:https?:)?//[^'\"`]+)"
)


def vendored(*parts: str) -> Path:
    """A front-end library's file that the set-up copied from npm.

    Raises
    ------
    SetupIncomplete
        The set-up has not copied it.
    """
    try:
        return shipped("web", "static", "vendor", *parts)
    except SetupIncomplete as reason:
        raise SetupIncomplete(
            f"The front-end library file '{'/'.join(parts)}' is missing, so the web map cannot be made. "
            "Run 'make setup' (it needs npm once) and try again."
        ) from reason


def data_uri(content: bytes, media_type: str) -> str:
    """The content as a `data:` address."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


@lru_cache(maxsize=16)
def script_uri(*parts: str) -> str:
    """A vendored script as a `data:` address, without its pointer to a source map."""
    text = vendored(*parts).read_text(encoding="utf-8")
    text = re.sub(r"//[#@] sourceMappingURL=.*", "", text)
    return data_uri(text.encode(), "text/javascript;charset=utf-8")


@lru_cache(maxsize=16)
def style_uri(*parts: str) -> str:
    """A vendored style sheet as a `data:` address; the images and fonts it names are written into it."""
    path = vendored(*parts)

    def inlined(match: re.Match[str]) -> str:
        target = match.group(1)
        if target.startswith(("data:", "#")):
            return match.group(0)
        if _REMOTE.match(target):
            raise SetupIncomplete(f"{'/'.join(parts)} asks the network for {target}; it cannot be used offline.")
        file = path.parent / target.split("?")[0].split("#")[0]
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return f'url("{data_uri(file.read_bytes(), media_type)}")'

    return data_uri(_CSS_URL.sub(inlined, path.read_text(encoding="utf-8")).encode(), "text/css;charset=utf-8")


class _Finder(HTMLParser):
    """Collects every remote address that a browser would load or follow."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if value is None:
                continue
            if name in _LOADS:
                addresses = [part.strip().split(" ")[0] for part in value.split(",")] if name == "srcset" else [value]
                self.found += [address for address in addresses if _REMOTE.match(address)]
                if value.startswith("data:text/css"):
                    self._css(base64.b64decode(value.partition(",")[2]).decode("utf-8"))
            elif name == "style":
                self._css(value)
            elif name == "srcdoc":
                self.found += remote_addresses(value)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self._css(data)
        elif self._inside == "script":
            self.found += [next(group for group in match.groups() if group) for match in _SCRIPT_LOAD.finditer(data)]

    def _css(self, text: str) -> None:
        self.found += [target for target in _CSS_URL.findall(text) if _REMOTE.match(target)]
        self.found += re.findall(r"@import\s+['\"]((?:https?:)?//[^'\"]+)", text)


def remote_addresses(html: str) -> list[str]:
    """Every remote address in a page: of a link, image, script, frame or style, and those a script loads by name."""
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found


def require_offline(html: str) -> str:
    """The page itself, when it asks the network for nothing.

    Raises
    ------
    SetupIncomplete
        A remote address is left.
    """
    found = remote_addresses(html)
    if found:
        raise SetupIncomplete(
            f"The page would ask the network for {', '.join(sorted(set(found))[:5])}; it was not written. "
            "Write that file into the page, or leave the library out."
        )
    return html
