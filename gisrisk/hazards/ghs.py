"""Read the text of `inventory.ghs_class`: "flam_liq_2; 急性毒性-吸入,类别2" -> hazard classes, categories and routes.

The accepted names stand in `data/rules/gb18218_2018.yaml` under `hazard_classes`. Text that is not understood is kept
and reported, never dropped: an unknown class may be the one with the smallest critical quantity.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gisrisk.hazards.tables import gb18218


@dataclass(frozen=True, slots=True)
class HazardClass:
    """One hazard class with its category, for example `flam_liq`, "2"; `route` None: not stated, or not asked."""

    code: str
    category: str
    route: str | None = None

    def __str__(self) -> str:
        return "_".join(part for part in (self.code, self.category, self.route) if part)


@dataclass(frozen=True, slots=True)
class ParsedClasses:
    """What one cell says.

    Attributes
    ----------
    given : tuple of tuple of HazardClass
        One entry for each class named; it holds several alternatives where the category or the route is not stated.
    symbols : tuple of str
        Symbols of table 2 given outright ("W5.3"); they decide the row themselves.
    unknown : tuple of str
        Parts that are not in the vocabulary, as written.
    not_classified : bool
        The cell says in so many words that the substance has no hazard class.
    """

    given: tuple[tuple[HazardClass, ...], ...] = ()
    symbols: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_classified: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was said at all."""
        return not (self.given or self.symbols or self.unknown or self.not_classified)


_CJK = re.compile(r"[\u4e00-\u9fff]")
_WORDS = re.compile(r"(?:category|cat|class|type|division|div|类别|类|项|型|第)")
_CATEGORY = re.compile(
    r"unstable|不稳定|compressed|liquefied|refrigerated|dissolved|压缩|液化|冷冻|溶解|\d\.\d|\d[abc]?|[a-g]"
)
_CATEGORY_ZH = {
    "不稳定": "unstable",
    "压缩": "compressed",
    "液化": "liquefied",
    "冷冻": "refrigerated",
    "溶解": "dissolved",
}
_FILLERS = re.compile(
    r"^(?:液体|气体|爆炸物|的|liquid|gas|explosives?|route|[-_,./()\[\]:·]|\s)+|(?:[-_,./()\[\]:·]|\s)+$"
)


def parse_ghs(text: str | None) -> ParsedClasses:
    """Read one cell.

    Parameters
    ----------
    text : str or None
        Classes separated by ';' or '；'. Accepted for one class: the code (`flam_liq_2`, `acute_tox_2_inhalation`,
        `expl_1.1`, `self_react_b`), the European abbreviation ("Flam. Liq. 2"), English ("flammable liquids, category
        2") or Chinese ("易燃液体,类别2", "急性毒性-吸入,类别2", "爆炸物,1.1项", "有机过氧化物,C型"), or a symbol
        of table 2 ("W5.3").

    Returns
    -------
    ParsedClasses
    """
    if text is None or not isinstance(text, str) or not text.strip():
        return ParsedClasses()
    return _parse(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> ParsedClasses:
    vocabulary = _vocabulary()
    given: list[tuple[HazardClass, ...]] = []
    symbols: list[str] = []
    unknown: list[str] = []
    nothing = False
    for part in re.split("|".join(map(re.escape, vocabulary["separators"])) + r"|\n", text):
        if not part.strip():
            continue
        name = _comparable(part)
        if name in vocabulary["not_classified"]:
            nothing = True
            continue
        alternatives = _one(name, vocabulary)
        if name.upper() in gb18218().by_symbol:
            symbols.append(name.upper())
        elif alternatives:
            given.append(alternatives)
        else:
            unknown.append(part.strip())
    stated = bool(given or symbols or unknown)
    return ParsedClasses(tuple(given), tuple(symbols), tuple(unknown), nothing and not stated)


def _comparable(text: str) -> str:
    """Lower case, NFKC; Chinese without separators, other text with single underscores; dots only inside numbers."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("*", " ").strip()  # 类别2*: least classification
    folded = re.sub(r"(?<!\d)\.|\.(?!\d)", " ", folded)
    if _CJK.search(folded):
        return re.sub(r"[\s_,\-/()\[\]:·、—–]+", "", folded)
    return re.sub(r"[\s_,\-/()\[\]:]+", "_", folded).strip("_")


def _one(name: str, vocabulary: dict[str, Any]) -> tuple[HazardClass, ...]:
    """Alternatives that one comparable part can mean; empty: not understood."""
    unstable = re.fullmatch(r"不稳定爆炸物|unst(?:able)?_expl(?:osives?)?", name)
    if unstable:
        return (HazardClass("expl", "unstable"),)
    for prefix, entry in vocabulary["prefixes"]:
        if name == prefix or name.startswith(prefix):
            alternatives = _rest(name[len(prefix) :], entry, vocabulary)
            if alternatives:
                return alternatives
    return ()


def _rest(rest: str, entry: dict[str, Any], vocabulary: dict[str, Any]) -> tuple[HazardClass, ...]:
    """What follows the class name: a route, a category, nothing else."""
    routes: list[str] = []
    if entry.get("routes"):
        for word, route in vocabulary["route_words"]:
            if word in rest:
                rest = rest.replace(word, " ", 1)
                routes.append(route)
        for word in vocabulary["route_details"]:
            rest = rest.replace(word, " ", 1)
    rest = _FILLERS.sub("", _WORDS.sub(" ", rest.replace("_", " "))).strip()
    categories = entry["categories"]
    if entry["code"] not in vocabulary["counted"]:
        # No row of table 2 asks for this class, so nothing that follows its name can change a result.
        match = _CATEGORY.match(rest)
        return (HazardClass(entry["code"], match[0] if match else categories[0]),)
    if rest:
        match = _CATEGORY.match(rest)
        if match is None or _FILLERS.sub("", rest[match.end() :]).strip(" 气体"):
            return ()
        category = _CATEGORY_ZH.get(match[0], match[0])
        if category not in categories and category[:1] in categories and category[1:] in ("a", "b", "c"):
            category = category[0]  # subdivisions 1A, 1B, 1C belong to category 1
        if category not in categories:
            return ()
        categories = [category]
    possible: tuple[str | None, ...] = (None,)
    if entry.get("routes"):
        # Only inhalation is asked for by name; of several routes in one part it is the one that counts.
        possible = ("inhalation",) if "inhalation" in routes else tuple(routes[:1]) or ("inhalation", "oral")
    return tuple(HazardClass(entry["code"], category, route) for category in categories for route in possible)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    raw = gb18218().raw["hazard_classes"]
    prefixes = [
        (_comparable(name), entry)
        for entry in raw["classes"]
        for name in {entry["code"], entry["name_zh"], *entry["names"]}
    ]
    return {
        "counted": {match["class"] for row in gb18218().categories for match in row.any_of},
        "separators": raw["separators"],
        "not_classified": {_comparable(name) for name in raw["not_classified"]},
        "prefixes": sorted(prefixes, key=lambda pair: (-len(pair[0]), pair[0])),
        "route_words": sorted(
            ((_comparable(word), route) for route, words in raw["routes"].items() for word in words),
            key=lambda pair: (-len(pair[0]), pair[0]),
        ),
        "route_details": sorted(
            (_comparable(word) for word in raw["route_details_ignored"]), key=lambda word: (-len(word), word)
        ),
    }


def class_entry(code: str) -> dict[str, Any]:
    """The vocabulary entry of one class code."""
    return _entries()[code]


@lru_cache(maxsize=1)
def _entries() -> dict[str, dict[str, Any]]:
    return {entry["code"]: entry for entry in gb18218().raw["hazard_classes"]["classes"]}
