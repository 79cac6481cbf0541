"""The report: whole, alone, safe, without patients, and with numbers that are those of the result."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.errors import WriteError
from napari_hounsfield.evaluation.case_results import of_one_case
from napari_hounsfield.evaluation.case_statistics import StatisticsParams
from napari_hounsfield.evaluation.case_table import Case, CaseTable
from napari_hounsfield.evaluation.cases import CasesParams, evaluate_cases
from napari_hounsfield.evaluation.report import report_html, write_report

AFFINE = nh.axial_affine((3, 1, 1))
NASTY = "<script>alert('x')</script> $\\frac$ & \"co\""
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Tags that are opened and closed, text, and every attribute."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.cells = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells.append(data)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secret-folder-of-Smith")
    random = np.random.default_rng(0)
    names, cases = {1: NASTY, 2: "tumour"}, []
    for number in range(4):
        reference = random.integers(0, 3 if number else 2, (2, 8, 8), np.uint8)
        for method, called in (("first", "first"), ("second", NASTY)):
            prediction = np.where(random.random(reference.shape) < 0.2, 0, reference).astype(np.uint8)
            paths = {"prediction": folder / f"{method}{number}.nii.gz", "reference": folder / f"ref{number}.nii.gz"}
            for side, array in (("prediction", prediction), ("reference", reference)):
                nh.write(paths[side], nh.LabelMap(array, AFFINE, names), overwrite=True)
            cases.append(Case(f"scan{number}", paths, f"Smith{number // 2}", called))
    params = CasesParams(statistics=StatisticsParams(resamples=200))
    return evaluate_cases(CaseTable("cases.csv", tuple(cases)), params)


@pytest.fixture(scope="module")
def text(result):
    return report_html(result)


def test_page_is_whole_and_fetches_nothing(text):
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "form", "svg"} & set(page.tags)
    sources = [value for name, value in page.attributes if name in {"src", "href", "action"}]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    policy = next(value for name, value in page.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy


def test_pictures_are_svg_that_refer_to_nothing_outside(text):
    found = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", text)
    assert len(found) >= 4
    for picture in found:
        root = ElementTree.fromstring(base64.b64decode(picture))
        assert root.tag.endswith("svg")
        references = [value for each in root.iter() for name, value in each.attrib.items() if name.endswith("href")]
        assert all(reference.startswith("#") for reference in references)


def test_names_are_text_and_never_markup(text):
    assert "<script" not in text
    assert NASTY in Page(text).cells


def test_no_patient_and_no_folder_is_in_it(text):
    assert "Smith" not in text
    assert "first0.nii.gz" in text


def test_pseudonyms_replace_cases_and_files(result):
    text = report_html(result, pseudonyms=True)
    assert not re.search(r"scan\d|nii|ref\d|first\d", text)
    cells = Page(text).cells
    assert {"case 1", "case 4", "prediction 1", "reference 4"} <= set(cells)


def test_every_number_is_there_in_full_with_its_definition(result, text):
    page = Page(text)
    titles = {value for name, value in page.attributes if name == "title"}
    for each in result.cases:
        for record in each.record["classes"]:
            if record["dice"] is not None:
                assert repr(record["dice"]) in titles
    for summary in result.classes:
        assert repr(summary.figures["dice"].mean) in titles
    assert "2 tp / (2 tp + fp + fn), equal to F1" in titles
    assert {"evaluate.surface", "statistics.seed", "numpy", "napari-hounsfield", nh.__version__} <= set(page.cells)


def test_undefined_figures_have_their_reason(text):
    page = Page(text)
    assert any(reason.startswith("undefined: ") for name, reason in page.attributes if name == "title")
    assert "neither the prediction nor the reference has any of this class" in page.cells


def test_the_same_result_gives_the_same_bytes(result, text):
    assert report_html(result) == text


def test_one_case(tmp_path):
    reference = nh.LabelMap(np.arange(8, dtype=np.uint8).reshape(1, 2, 4) % 3, AFFINE)
    found = of_one_case(nh.evaluate(reference, reference), {"prediction": tmp_path / "p.nii", "reference": tmp_path / "r.nii"})
    text = write_report(tmp_path / "one.html", found).read_text(encoding="utf-8")
    page = Page(text)
    assert "All cases" not in text
    assert {"p.nii", "r.nii", "label 1", "tolerance"} <= set(page.cells)


def test_a_report_is_written_whole_or_not_at_all(result, text, tmp_path):
    path = write_report(tmp_path / "report.html", result)
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(WriteError, match="exists already"):
        write_report(path, result)
    path.write_bytes(b"")
    write_report(path, result, overwrite=True)
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(WriteError, match=r"ends with \.html"):
        write_report(tmp_path / "report.pdf", result)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
