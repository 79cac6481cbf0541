"""A hundred thousand damaged files: each is read right or refused in words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .judging import Corpus, WrongError, judge, judge_valid, prepare
from .mutating import MUTATORS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and measures memory as Linux counts it")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(1)


def fuzz(repository: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzzing", *(str(word) for word in words)]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def test_valid_files_are_read(corpus: Corpus, tmp_path: Path) -> None:
    prepare(tmp_path)
    for seed in corpus.seeds:
        judge_valid(seed, tmp_path)


def test_the_number_decides_the_mutation(corpus: Corpus) -> None:
    again, other = Corpus(1), Corpus(2)
    found = [corpus.mutation(index)[2] for index in range(300)]
    assert found == [again.mutation(index)[2] for index in reversed(range(300))][::-1]
    assert len(set(found)) > 250
    assert found != [other.mutation(index)[2] for index in range(300)]


def test_every_mutator_is_used(corpus: Corpus) -> None:
    used = {name for index in range(3000) for name in corpus.mutation(index)[1].names}
    assert used == {"pixels", "container"} | {mutator.__name__ for mutator in MUTATORS}


def test_a_few_in_this_process(corpus: Corpus, tmp_path: Path) -> None:
    prepare(tmp_path)
    outcomes = [judge(corpus, index, tmp_path) for index in range(500)]
    assert sum(outcome.read for outcome in outcomes) > 50
    assert sum(outcome.refused for outcome in outcomes) > 200


def test_segmentations_structure_sets_and_reports(tmp_path: Path) -> None:
    prepare(tmp_path)
    documents, again = Corpus(1, documents=True), Corpus(1, documents=True)
    for seed in documents.seeds:
        judge_valid(seed, tmp_path)
    assert [seed.plain for seed in documents.seeds] == [seed.plain for seed in again.seeds], "whenever they are made"
    outcomes = [judge(documents, index, tmp_path) for index in range(60)]
    assert sum(outcome.read for outcome in outcomes) > 10
    assert sum(outcome.refused for outcome in outcomes) > 10


def test_a_reader_that_is_wrong_is_told_by_number(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_hounsfield.dicom import reading

    prepare(tmp_path)
    right = reading.rescaled
    monkeypatch.setattr(reading, "rescaled", lambda *words: right(*words) + 1)
    at = next(i for i in range(5000) if corpus.mutation(i)[1].changed and corpus.mutation(i)[0].samples)
    with pytest.raises(WrongError, match="whose bytes did not"):
        judge(corpus, at, tmp_path)


@pytest.mark.slow
def test_eight_thousand_segmentations_structure_sets_and_reports(repository: Path) -> None:
    done = fuzz(repository, "--documents", "--count", 8000)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert done.stdout.startswith("8000 mutations")


@pytest.mark.slow
def test_a_hundred_thousand(repository: Path) -> None:
    done = fuzz(repository, "--seed", 1, "--count", 100_000)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    found = re.match(r"(\d+) mutations .* (\d+) volumes read, (\d+) refused", done.stdout)
    assert found
    assert int(found[1]) == 100_000
    assert int(found[2]) > 10_000
    assert int(found[3]) > 10_000
