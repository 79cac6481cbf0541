"""All traps, in the order of their themes: each module registers its own when it is imported."""

from __future__ import annotations

from importlib import import_module

from .truth import REGISTRY

THEMES = """
order spacing same_place mixed value bits header spelling damage coding enhanced channel pet_mr projection picture container
"""
for theme in THEMES.split():
    import_module(f"{__package__}.{theme}_traps")
TRAPS = tuple(REGISTRY)
