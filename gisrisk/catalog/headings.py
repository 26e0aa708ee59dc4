"""When two headings or words are the same: full-width and half-width, capitals and blanks make no difference."""

from __future__ import annotations

import unicodedata


def normalised(text: str) -> str:
    """The form in which headings and value words are compared.

    Compatibility forms are joined (full-width letters and brackets become half-width), capitals and all blanks go.
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
