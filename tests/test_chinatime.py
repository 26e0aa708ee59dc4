"""The day and the moments shown are those of China: worked out by hand from UTC+8."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gisrisk import chinatime

NEW_YORK = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("moment", "day", "text"),
    [
        (datetime(2026, 11, 25, 15, 59, tzinfo=UTC), date(2026, 11, 25), "2026-11-25 23:59 (UTC+8)"),
        (datetime(2026, 11, 25, 16, 0, tzinfo=UTC), date(2026, 11, 26), "2026-11-26 00:00 (UTC+8)"),
        (datetime(2026, 11, 25, 20, 0, tzinfo=NEW_YORK), date(2026, 11, 26), "2026-11-26 09:00 (UTC+8)"),
        (datetime(2026, 11, 25, 8, 30), date(2026, 11, 25), "2026-11-25 08:30 (UTC+8)"),
    ],
)  # fmt: skip
def test_moments_are_read_in_china(moment: datetime, day: date, text: str) -> None:
    assert chinatime.day_of(moment) == day
    assert chinatime.shown(moment) == text


def test_nothing_is_a_dash() -> None:
    assert chinatime.shown(None) == "—"
