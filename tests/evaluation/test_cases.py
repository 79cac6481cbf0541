"""Sets of cases: tables, summaries, what is undefined, methods compared, and bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import napari_hounsfield as nh
from napari_hounsfield.errors import FormatError
from napari_hounsfield.evaluation.case_statistics import StatisticsParams
from napari_hounsfield.evaluation.case_table import read_case_table
from napari_hounsfield.evaluation.cases import CasesParams, evaluate_cases
from napari_hounsfield.evaluation.summaries import ABSENT

AFFINE = nh.axial_affine((3, 1, 1))
NAMES = {1: "lung", 2: "tumour"}
FAST = CasesParams(evaluate=nh.EvaluateParams(surface=False), statistics=StatisticsParams(resamples=200))


def row(values, classes=None, affine=AFFINE):
    return nh.LabelMap(np.reshape(np.asarray(values, np.uint8), (1, 1, -1)), affine, classes or {})


@pytest.fixture
def folder(tmp_path):
    """Write pairs of maps and their table; a pair is (case, prediction, reference, patient, method)."""

    def write(*cases, names=NAMES, columns=("patient", "method")):
        lines = [",".join(("case", "prediction", "reference", *columns))]
        for number, (case, prediction, reference, *more) in enumerate(cases):
            for side, values in (("p", prediction), ("r", reference)):
                data = values if isinstance(values, nh.LabelMap) else row(values, names)
                nh.write(tmp_path / f"{side}{number}.nii.gz", data, overwrite=True)
            lines.append(",".join((case, f"p{number}.nii.gz", f"r{number}.nii.gz", *more[: len(columns)])))
        table = tmp_path / "cases.csv"
        table.write_text("\n".join(lines), encoding="utf-8")
        return read_case_table(table)

    return write


THREE = (
    ("one", [1, 1, 0, 2, 0, 0], [1, 1, 1, 2, 2, 0], "anna", "a"),
    ("two", [1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], "anna", "a"),
    ("three", [0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], "berta", "a"),
)


def dice(prediction, reference, value):
    ours, theirs = np.array(prediction) == value, np.array(reference) == value
    return 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum())


def test_summary_is_of_the_cases(folder):
    found = evaluate_cases(folder(*THREE), FAST)
    lung, tumour = found.classes
    expected = [dice(case[1], case[2], 1) for case in THREE]
    spread = lung.figures["dice"]
    assert (spread.n, spread.patients) == (3, 2)
    assert spread.mean == pytest.approx(np.mean(expected))
    assert spread.sd == pytest.approx(np.std(expected, ddof=1))
    quartiles = (spread.min, spread.q1, spread.median, spread.q3, spread.max)
    assert quartiles == pytest.approx(np.quantile(expected, (0, 0.25, 0.5, 0.75, 1)))
    first, second = np.mean(expected[:2]), expected[2]
    assert spread.mean_interval == pytest.approx((min(first, second), max(first, second)))  # two patients: one or the other
    assert (tumour.label, tumour.name, tumour.cases) == (2, "tumour", 3)


def test_undefined_figures_are_left_out_and_counted(folder):
    found = evaluate_cases(folder(*THREE), FAST)
    spread = found.classes[1].figures["dice"]
    assert spread.n == 2
    assert spread.mean == pytest.approx(np.mean([dice(*THREE[0][1:3], 2), dice(*THREE[2][1:3], 2)]))
    assert spread.undefined == {"neither the prediction nor the reference has any of this class": 1}
    hausdorff = found.classes[1].figures["hausdorff_mm"]
    assert (hausdorff.n, hausdorff.mean) == (0, None)
    assert hausdorff.reasons["mean"] == "undefined in every case"
    assert hausdorff.undefined == {"surfaces were not asked for": 3}


def test_pooled_rates_are_of_the_summed_counts(folder):
    found = evaluate_cases(folder(*THREE), FAST)
    lung = found.classes[0]
    prediction, reference = (np.concatenate([case[i] for case in THREE]) == 1 for i in (1, 2))
    both = int((prediction & reference).sum())
    sensitivity = lung.pooled["sensitivity"]
    assert (sensitivity.successes, sensitivity.total) == (both, reference.sum())
    wilson = stats.binomtest(both, int(reference.sum())).proportion_ci(0.95, "wilson")
    assert sensitivity.wilson == pytest.approx((wilson.low, wilson.high), abs=1e-12)
    assert lung.pooled["dice"].value == pytest.approx(2 * both / (prediction.sum() + reference.sum()))
    assert lung.pooled["dice"].wilson is None
    assert lung.pooled["dice"].reasons["wilson"]
    assert lung.pooled["accuracy"].value == np.mean(prediction == reference)


def test_objects_are_pooled_where_they_were_counted(folder):
    table = folder(*THREE)
    (lung, _) = evaluate_cases(table, FAST).classes
    assert (lung.pooled["object_sensitivity"].value, lung.pooled["object_sensitivity"].total) == (None, 0)
    assert lung.pooled["object_sensitivity"].reasons["value"] == "not measured in any case"
    with_objects = CasesParams(evaluate=nh.EvaluateParams(surface=False, objects=True), statistics=FAST.statistics)
    found = evaluate_cases(table, with_objects)
    records = [case.record["classes"][0] for case in found.cases]
    detected, present = (sum(r[name] for r in records) for name in ("detected_objects", "reference_objects"))
    pooled = found.classes[0].pooled["object_sensitivity"]
    assert (pooled.successes, pooled.total) == (detected, present)
    wilson = stats.binomtest(detected, present).proportion_ci(0.95, "wilson")
    assert pooled.wilson == pytest.approx((wilson.low, wilson.high), abs=1e-12)


def test_each_case_equals_evaluating_it_alone(folder):
    found = evaluate_cases(folder(*THREE), CasesParams(statistics=FAST.statistics))
    for case, (_, prediction, reference, *_) in zip(found.cases, THREE, strict=True):
        assert case.record == nh.evaluate(row(prediction, NAMES), row(reference, NAMES)).to_json()


def test_result_is_json_without_patients(folder):
    found = evaluate_cases(folder(*THREE), FAST)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert "anna" not in text + repr(found) + "\n".join(found.table())
    assert [c["case"] for c in json.loads(text)["cases"]] == ["one", "two", "three"]
    assert found.history[-1].operation == "evaluate_cases"
    assert found.history[-1].parameters["statistics"]["resamples"] == 200


def test_rows_go_into_a_table(folder, tmp_path):
    import csv

    found = evaluate_cases(folder(*THREE), FAST)
    nh.write(tmp_path / "all.csv", found.rows())
    nh.write(tmp_path / "short.csv", found.summary_rows())
    rows = list(csv.DictReader((tmp_path / "all.csv").open()))
    assert [(r["case"], r["name"]) for r in rows] == [(c, n) for c in ("one", "two", "three") for n in ("lung", "tumour")]
    short = {(r["name"], r["figure"]): r for r in csv.DictReader((tmp_path / "short.csv").open())}
    assert float(short["lung", "dice"]["mean"]) == found.classes[0].figures["dice"].mean
    assert float(short["lung", "dice"]["mean_interval_low"]) == found.classes[0].figures["dice"].mean_interval.low
    assert short["tumour", "dice"]["undefined"] == "1"
    assert short["tumour", "hausdorff_mm"]["mean"] == ""


def noisy(seed, share):
    random = np.random.default_rng(seed)
    reference = random.integers(0, 3, 60)
    wrong = random.random(60) < share
    return np.where(wrong, (reference + 1) % 3, reference), reference


def two_methods(cases=8, patients=8):
    for number in range(cases):
        better, reference = noisy(number, 0.1)
        worse, _ = noisy(number, 0.4)
        yield f"case{number}", better, reference, f"p{number % patients}", "good"
        yield f"case{number}", worse, reference, f"p{number % patients}", "bad"


def test_methods_are_compared_on_the_same_cases(folder):
    found = evaluate_cases(folder(*two_methods()), FAST)
    test = next(c for c in found.comparisons if c.figure == "dice" and c.name == "lung")
    values = {method: [dice(p, r, 1) for _, p, r, _, m in two_methods() if m == method] for method in ("good", "bad")}
    differences = np.subtract(values["good"], values["bad"])
    assert (test.first, test.second, test.pairs, test.patients, test.left_out) == ("good", "bad", 8, 8, 0)
    assert test.mean_difference == pytest.approx(differences.mean())
    assert test.p == pytest.approx(stats.wilcoxon(differences).pvalue)
    assert test.interval.low <= differences.mean() <= test.interval.high
    of_dice = [c for c in found.comparisons if c.figure == "dice"]
    assert [c.p_adjusted for c in of_dice] == pytest.approx(
        [min(1, 2 * min(c.p for c in of_dice)), max(c.p_adjusted for c in of_dice)]
    )


def test_a_patient_with_many_cases_counts_once(folder):
    found = evaluate_cases(folder(*two_methods(8, 4)), FAST)
    test = next(c for c in found.comparisons if c.figure == "dice" and c.name == "lung")
    assert (test.pairs, test.patients) == (8, 4)
    good, bad = ([dice(p, r, 1) for _, p, r, _, m in two_methods() if m == method] for method in ("good", "bad"))
    differences = np.subtract(good, bad)
    assert test.p == pytest.approx(stats.wilcoxon((differences[:4] + differences[4:]) / 2).pvalue)


def test_cases_of_one_method_alone_are_left_out_of_the_comparison(folder):
    cases = [*two_methods(4, 4), ("more", [1, 1], [1, 1], "x", "good")]
    found = evaluate_cases(folder(*cases), FAST)
    assert all(c.pairs + c.left_out == 4 for c in found.comparisons)
    assert "1 cases have only one of good and bad, and are left out of their comparison." in found.notes


def test_the_same_method_twice_has_no_p_value_but_a_reason(folder):
    cases = [(f"c{i}", *noisy(i, 0.2), f"p{i}", method) for i in range(4) for method in "ab"]
    for test in evaluate_cases(folder(*cases), FAST).comparisons:
        assert test.p is None
        assert test.p_adjusted is None
        assert test.reasons["p"]


def test_classes_that_differ_between_cases(folder):
    found = evaluate_cases(
        folder(
            ("one", row([1, 0], {1: "Lung "}), row([1, 0], {1: "Lung "}), "a"),
            ("two", row([2, 0], {2: "lung"}), row([2, 2], {2: "lung"}), "b"),
            ("three", row([1, 0], {1: "liver"}), row([1, 0], {1: "liver"}), "c"),
            columns=("patient",),
        ),
        FAST,
    )
    lung, liver = found.classes
    assert (lung.figures["dice"].n, lung.figures["dice"].undefined) == (2, {ABSENT: 1})
    assert (liver.figures["dice"].n, liver.figures["dice"].undefined) == (1, {ABSENT: 2})
    assert any("2 of 3 cases do not hold the class liver" in note for note in found.notes)


def test_one_case_has_figures_and_no_intervals(folder):
    (lung, _) = evaluate_cases(folder(THREE[0]), FAST).classes
    spread = lung.figures["dice"]
    assert spread.mean == spread.median == dice(*THREE[0][1:3], 1)
    assert (spread.sd, spread.mean_interval, spread.median_interval) == (None, None, None)
    assert set(spread.reasons) == {"sd", "mean_interval", "median_interval"}


def test_cases_with_nothing_but_background(folder):
    found = evaluate_cases(folder(("one", [0, 0], [0, 0]), ("two", [0, 0], [0, 0]), names={}, columns=()), FAST)
    assert [c.name for c in found.classes] == ["background"]
    mixed = evaluate_cases(folder(("one", [0, 0], [0, 0]), ("two", [1, 0], [1, 1]), names={}, columns=()), FAST)
    assert [c.label for c in mixed.classes] == [1]


def test_tolerances_that_differ_are_told(folder):
    coarse = nh.axial_affine((3, 2, 2))
    cases = (("one", [1, 0, 1], [1, 1, 1], "a"), ("two", row([1, 0, 1], NAMES, coarse), row([1, 1, 1], NAMES, coarse), "b"))
    found = evaluate_cases(folder(*cases, columns=("patient",)), FAST)
    assert any("tolerance of surface Dice differs between cases (1 to 2 mm" in note for note in found.notes)
    given = CasesParams(evaluate=nh.EvaluateParams(surface=False, tolerance=(1,)), statistics=FAST.statistics)
    assert not any("tolerance" in note for note in evaluate_cases(folder(*cases, columns=("patient",)), given).notes)


def test_the_same_seed_gives_the_same_result(folder):
    table = folder(*THREE)
    assert evaluate_cases(table, FAST).to_json() == evaluate_cases(table, FAST).to_json()


def test_work_can_be_cancelled_and_tells_how_far_it_is(folder):
    table = folder(*THREE)
    fractions = [step.fraction for step in evaluate_cases.steps(table, params=FAST)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1
    steps = evaluate_cases.steps(table, params=FAST)
    next(steps)
    steps.close()


def test_missing_files_are_known_before_the_first_case_is_read(folder, tmp_path):
    table = folder(*THREE)
    (tmp_path / "r2.nii.gz").unlink()
    steps = evaluate_cases.steps(table, params=FAST)
    with pytest.raises(FormatError, match=r"^cases\.csv: line 4: r2\.nii\.gz: no such file"):
        next(steps)


def test_errors_name_table_case_line_and_file(folder, tmp_path):
    other = row([1, 0, 1], NAMES, nh.axial_affine((3, 1, 1), (50, 0, 0)))
    table = folder(THREE[0], ("far", [1, 0, 1], other, "b", "a"))
    with pytest.raises(nh.GridError, match=r"^cases\.csv: line 3: "):
        evaluate_cases(table, FAST)
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "p0.nii.gz").write_bytes(b"no image")
    (tmp_path / "two.csv").write_text("case;Reference; PREDICTION\n\n\nb;r0.nii.gz;p0.nii.gz\n\na;r0.nii.gz;s1/p0.nii.gz\n")
    two = read_case_table(tmp_path / "two.csv")
    with pytest.raises(FormatError, match=r"^two\.csv: line 6: p0\.nii\.gz: not a NIfTI file"):
        evaluate_cases(two, FAST)
    found = evaluate_cases(two, FAST.model_copy(update={"keep_going": True}))
    assert [each.case.name for each in found.cases] == ["b"]
    assert found.failures[0].startswith("two.csv: line 6: p0.nii.gz")
    assert found.to_json()["failures"] == list(found.failures)


def test_region_is_read_by_default(folder, tmp_path):
    folder(THREE[0])
    nh.write(tmp_path / "region.nii.gz", row([1, 1, 0, 0, 0, 0]))
    path = tmp_path / "with_region.csv"
    path.write_text("case,prediction,reference,region\none,p0.nii.gz,r0.nii.gz,region.nii.gz\n")
    table = nh.read_case_table(path)
    assert (table.unread, evaluate_cases(table, FAST).cases[0].record["voxels"]) == ((), 2)


def test_cases_without_a_patient_are_patients_of_their_own(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("case,prediction,reference,patient\nanna,p,r,\nb,p,r,anna\nc,p,r,\n")
    table = read_case_table(path)
    assert len({case.patient for case in table.cases}) == 3
    assert [case.known_patient for case in table.cases] == ["", "anna", ""]
    assert table.without_patient == 2


def test_rows_name_patients_and_comparisons_can_be_written(folder, tmp_path):
    two = [(name, ours, theirs, patient, method) for name, ours, theirs, patient, _ in THREE for method in "ab"]
    found = evaluate_cases(folder(*two), FAST)
    assert {line["patient"] for line in found.rows()} == {"anna", "berta"}
    written = nh.write(tmp_path / "compared.csv", found.comparisons).read_text().splitlines()
    assert len(written) == len(found.comparisons) + 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no case"),
        (b"case,prediction,reference\n", "holds no case"),
        (b"case,reference\na,b\n", "has no column prediction"),
        (b"case,prediction,reference\na,b,c\na,b,c\n", "line 3 repeats a case"),
        (b"case,prediction,reference,method\na,b,c,m\na,b,c,m\n", "line 3 repeats a case"),
        (b"case,prediction,reference,method\na,b,c,\n", "line 2 has no method"),
        (b"case,prediction,reference\n,b,c\n", "line 2 has no case"),
        (b"case,prediction,reference\na,b\n", "line 2 has no reference"),
        (b"case,prediction,reference\na,b,c,d\n", "line 2 has more cells than the header"),
        ("case,prediction,reference\nä,b,c\n".encode("latin-1"), "not a CSV table in UTF-8"),
        ("case,prediction,reference\na,b,c\n".encode("utf-16"), "not a CSV table in UTF-8"),
    ],
)
def test_tables_that_are_none(tmp_path, content, reason):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=reason):
        read_case_table(path)


def test_a_byte_order_mark_and_blanks_are_no_trouble(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes("\ufeffcase,prediction,reference,patient\n a , p.nii ,r.nii,  \n".encode())
    (case,) = read_case_table(path).cases
    assert (case.name, case.known_patient, case.files["prediction"]) == ("a", "", tmp_path / "p.nii")
