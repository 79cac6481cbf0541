"""Traps that this package does not pass yet, each with the reason; the list shrinks to nothing."""

from __future__ import annotations

NOT_YET: dict[str, str] = {}
