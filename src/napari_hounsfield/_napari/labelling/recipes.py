"""The classifiers that are one click apart: each a change of the session's parameters."""

from __future__ import annotations

from typing import Any

import napari_hounsfield as nh
from napari_hounsfield.pixels.classifiers import BP, TITLES

LIVE, SEED = f"{TITLES[BP]}, live", f"{TITLES[BP]}, seed (Table 1)"
OWN = "own parameters"

RECIPES: dict[str, dict[str, Any]] = {
    LIVE: {"classifier": BP, **nh.TrainParams.presets["live"]},
    SEED: nh.TrainParams.presets["seed"],
    **{title: {"classifier": kind, **nh.TrainParams.presets["live"]} for kind, title in TITLES.items() if kind != BP},
}
"""Fields that differ from the defaults, by the name that is offered."""


def with_recipe(params: nh.TrainParams, name: str) -> nh.TrainParams:
    """Parameters of a recipe; features and maps to keep stay as they are, unless the recipe has its own."""
    chosen = RECIPES[name]
    ours = nh.TrainParams(**chosen)
    return ours if "features" in chosen else ours.model_copy(update={"features": params.features, "keep": params.keep})


def recipe_of(params: nh.TrainParams) -> str:
    """Name of the recipe that parameters follow."""
    return next((name for name in RECIPES if with_recipe(params, name) == params), OWN)
