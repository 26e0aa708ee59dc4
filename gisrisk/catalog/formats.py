"""Text formats that a column may demand: CAS numbers, division codes, industry codes, hazard symbols."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One format: what it is called, and a test that a text satisfies it."""

    name: str
    zh: str
    en: str
    test: Callable[[str], bool]


_CAS = re.compile(r"([1-9][0-9]{1,6})-([0-9]{2})-([0-9])", re.ASCII)
_DIVISION = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}", re.ASCII)
_SYMBOLS = re.compile(r"[JW][0-9]+(?:\.[0-9]+)?(?:;[JW][0-9]+(?:\.[0-9]+)?)*", re.ASCII)
_INDUSTRY = re.compile(r"[0-9]{2,4}", re.ASCII)


def is_cas(text: str) -> bool:
    """Whether `text` is a CAS registry number with the right check digit.

    Notes
    -----
    The last digit is the sum of the other digits, each times its place counted from the right (1, 2, 3 ...), modulo
    ten. Source: CAS, "Check Digit Verification of CAS Registry Numbers".
    """
    match = _CAS.fullmatch(text)
    if match is None:
        return False
    digits = match[1] + match[2]
    return sum(place * int(digit) for place, digit in enumerate(reversed(digits), start=1)) % 10 == int(match[3])


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "cas", "CAS 登记号，如 7782-50-5，校验位须正确", "CAS number with its check digit, as 7782-50-5", is_cas
        ),
        Format(
            "division_code",
            "GB/T 2260 行政区划代码,6 位(乡级 9 位、村级 12 位)",
            "GB/T 2260 division code: 6 digits (9 for townships, 12 for villages)",
            lambda text: _DIVISION.fullmatch(text) is not None,
        ),
        Format(
            "industry_code",
            "GB/T 4754 行业代码,2 至 4 位数字，不带门类字母",
            "GB/T 4754 code: two to four digits without the section letter",
            lambda text: _INDUSTRY.fullmatch(text) is not None,
        ),
        Format(
            "hazard_symbols",
            "GB 18218-2018 表 2 的符号，如 W5.3；多个以半角分号隔开",
            "symbols of GB 18218-2018 table 2 such as W5.3, several separated by ; without blanks",
            lambda text: _SYMBOLS.fullmatch(text) is not None,
        ),
    )
}
