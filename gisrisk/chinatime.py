"""China time: the day whose law applies and the moments people read, whatever clock the host keeps."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

CHINA_TIME = timezone(timedelta(hours=8), "UTC+8")


def today() -> date:
    """The day it is in China."""
    return datetime.now(CHINA_TIME).date()


def day_of(moment: datetime) -> date:
    """The day of a moment in China; a moment without an offset is China time already."""
    return (moment.astimezone(CHINA_TIME) if moment.tzinfo is not None else moment).date()


def shown(moment: datetime | None) -> str:
    """A moment as people read it, to the minute; a dash when there is none."""
    if moment is None:
        return "—"
    local = moment.astimezone(CHINA_TIME) if moment.tzinfo is not None else moment
    return f"{local:%Y-%m-%d %H:%M} (UTC+8)"
