"""Read a YAML file so that a slip of the pen is an error: duplicate keys, keys that are not text, wrong encoding."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from gisrisk.errors import GisriskError

# The parser in C, where PyYAML was built with it, is ten times as fast; the rule files are long.
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):  # type: ignore[misc, valid-type]
    """Safe loader that refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is not text; write it in quotes", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' stands twice", key_node.start_mark)
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def read_yaml(path: Path, *, error: type[GisriskError]) -> dict[str, Any]:
    """Content of a YAML file whose top level is a mapping.

    Parameters
    ----------
    path : Path
    error : type of GisriskError
        What to raise, so that a layer file and a rule file fail under their own names.

    Raises
    ------
    GisriskError
        Of the given type: the file cannot be read, is not UTF-8, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as reason:
        raise error(f"{path.name}: cannot be read ({reason.strerror}). Check its name and its rights.") from reason
    except UnicodeDecodeError as reason:
        raise error(f"{path.name}: not UTF-8 at byte {reason.start}. Save the file as UTF-8.") from reason
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # a SafeLoader, made stricter
    except yaml.YAMLError as reason:
        mark = getattr(reason, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(reason, "problem", None) or str(reason)
        raise error(f"{path.name}{place}: {problem}. Correct the YAML there.") from reason
    if not isinstance(content, dict):
        raise error(f"{path.name}: the top level is {type(content).__name__}, expected a mapping of names to values.")
    return content
