"""`hounsfield crossvalidate`: its files, its JSON, its table, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.images.nearest_models import register, write_study

Run = Callable[..., SimpleNamespace]
Done = Callable[..., dict[str, Any]]
Refused = Callable[..., str]
OPTIONS = ("--models", "nearest-mean,nearest-image", "--folds", "3", "--seed", "0", "--matrix", "10")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        yield


def test_files_json_and_resuming(run: Run, done: Done, here: Path) -> None:
    write_study(here / "study", strength=20)
    words = ("crossvalidate", "study/table.csv", *OPTIONS, "--positive", "ill", "--out", "out")
    said = done(*words)
    written = (here / "out" / "crossvalidation.json").read_bytes()
    assert said == json.loads(written)
    assert set(said["models"]) == {"nearest-mean", "nearest-image"}
    assert {"pooled", "folds"} <= set(said["models"]["nearest-mean"])
    assert {"tp", "fp", "fn", "tn", "sensitivity", "specificity", "accuracy", "auc", "intervals"} <= set(
        said["models"]["nearest-mean"]["pooled"]
    )
    assert said["comparisons"][0]["mcnemar"].keys() >= {"p", "p_adjusted"}
    assert {path.name for path in (here / "out").iterdir()} == {
        "crossvalidation.json", "cost.json", "report.html", "folds.json", "folds",
    }  # fmt: skip
    printed = run(*words)
    assert (printed.status, printed.err) == (0, "")
    assert printed.out.splitlines()[0].split()[:2] == ["model", "SE"]
    assert "Not for diagnosis." in printed.out
    assert (here / "out" / "crossvalidation.json").read_bytes() == written


def test_what_was_left_out_is_told(run: Run, here: Path) -> None:
    write_study(here / "study")
    (here / "study" / "smith-2.png").write_bytes(b"")
    printed = run("crossvalidate", "study/table.csv", *OPTIONS, "--out", "out")
    assert printed.status == 0
    assert "hounsfield: warning: row 4 is left out: " in printed.err
    assert "smith" not in printed.err + printed.out


def test_refusals(refused: Refused, run: Run, here: Path) -> None:
    write_study(here / "study", 12)
    (here / "out").mkdir()
    (here / "out" / "report.html").write_text("mine")
    words = ("crossvalidate", "study/table.csv", *OPTIONS)
    assert refused(*words, "--out", "out") == "out: holds report.html, which no comparison wrote; choose another folder"
    assert refused("crossvalidate", "study/table.csv").startswith("the following arguments are required: --out")
    assert refused("crossvalidate", "none.csv", "--out", "new") == "none.csv: no such file or folder"
    assert "'x' is not one of dl-cnn, cnn, " in refused("crossvalidate", "study/table.csv", "--models", "x", "--out", "new")
    assert refused(*words, "--positive", "dead", "--out", "new") == "positive: 'dead' is none of the classes healthy, ill"
    assert "fold" in refused("crossvalidate", "study/table.csv", "--models", "nearest-mean", "--folds", "30", "--out", "new")
    assert run(*words, "--out", "new").status == 0
    assert refused(*words, "--seed", "7", "--out", "new") == "new: was begun with seed 0, not 7; choose another folder"
