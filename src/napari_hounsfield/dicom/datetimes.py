"""Dates and times as DICOM writes them (PS3.5 6.2: DA, TM, DT), as moments on the clock of the scanner."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

_DATE = re.compile(r"((?:19|20|21)\d{2})([.]?)(\d{2})\2(\d{2})")
_TIME = re.compile(r"(\d{2})(?:(:?)(\d{2})(?:\2(\d{2})(?:[.](\d{1,6})\d*)?)?)?")
_MOMENT = re.compile(r"(\d{8})(\d{2}[\d.]*)([+-]\d{4})?")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")


def time_of_day(text: str) -> time | None:
    """Time of a TM value, `HHMMSS.FFFFFF` or less of it, or the older `HH:MM:SS`; None if it is none."""
    match = _TIME.fullmatch(_stripped(text))
    if match is None:
        return None
    hours, _, minutes, seconds, fraction = match.groups()
    try:
        return time(int(hours), int(minutes or 0), int(seconds or 0), int((fraction or "").ljust(6, "0")))
    except ValueError:
        return None


def joined(date: str, clock: str) -> datetime | None:
    """Moment of a DA value, `YYYYMMDD` or the older `YYYY.MM.DD`, and a TM value; None if they are none."""
    match = _DATE.fullmatch(_stripped(date))
    at = time_of_day(clock)
    if match is None or at is None:
        return None
    year, _, month, day = match.groups()
    try:
        return datetime.combine(datetime(int(year), int(month), int(day)), at)
    except ValueError:
        return None


def moment(text: str, zone: str) -> datetime | None:
    """Moment of a DT value with at least an hour, on clocks that are `zone` (`+HHMM`) ahead of UTC.

    None if it is no such value, or has an offset from UTC of its own while the zone is unknown (empty).
    """
    match = _MOMENT.fullmatch(_stripped(text))
    if match is None:
        return None
    date, clock, own = match.groups()
    found = joined(date, clock)
    if found is None or own is None:
        return found
    here, there = _offset(zone), _offset(own)
    if here is None or there is None:
        return None
    return found + (here - there)


def _offset(zone: str) -> timedelta | None:
    match = _OFFSET.fullmatch(_stripped(zone))
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return -ahead if sign == "-" else ahead


def _stripped(text: str) -> str:
    return text.strip(" \0")
