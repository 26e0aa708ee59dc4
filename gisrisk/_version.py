"""The version, alone in a file so that the build and the package read the same one, and the fingerprint of the code."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

__version__ = "0.1.0"


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version and a fingerprint of the package's source, so that a study says which code computed it.

    A checkout and the wheel built from it give the same text; a changed line gives another one.
    """
    return f"{__version__}+{source_fingerprint(Path(__file__).resolve().parent)}"


def source_fingerprint(folder: Path) -> str:
    """First 8 hexadecimal digits of the SHA-256 over all Python files below a folder, by name."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
