"""What README and pages show is run as it stands, in a folder that holds a small phantom."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.demo.strokes import draw_strokes
from napari_hounsfield.operation import finish

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Code blocks of a language, in order."""
    return [code for found, code in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the pages assume it: a DICOM series in `ct`, its `reference.nii.gz` and `strokes.nii.gz`, PET and MR."""
    folder = tmp_path_factory.mktemp("phantom")
    phantom = chest_phantom(PhantomParams(slices=16, matrix=64))
    finish(write_series(phantom.volume, folder / "ct"))
    nh.write(folder / "reference.nii.gz", phantom.reference)
    nh.write(folder / "strokes.nii.gz", draw_strokes(phantom.reference))
    coarse = np.array(phantom.volume.affine) @ np.diag([2.0, 2, 2, 1])
    for modality, unit, name in (("PT", "SUV", "pet"), ("MR", "stored value", "mr")):
        array = np.abs(phantom.volume.array[::2, ::2, ::2]).astype(np.float32)
        nh.write(folder / f"{name}.nrrd", nh.Volume(array, coarse, unit=unit, modality=modality))
    return folder


@pytest.fixture
def in_phantom_folder(phantom_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a copy of the phantom's folder."""
    shutil.copytree(phantom_folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_on_the_page_runs(page: Path, in_phantom_folder: Path) -> None:
    names: dict[str, object] = {}
    for code in blocks(page, "python"):
        exec(compile(code, page.name, "exec"), names)


def test_commands_on_the_page_run(in_phantom_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (lines,) = blocks(ROOT / "docs" / "command-line.md", "sh")
    for line in lines.splitlines():
        program, *arguments = line.split()
        assert program == "hounsfield"
        status = cli.main(arguments)
        assert status == 0, f"{line}\n{capsys.readouterr().err}"


def test_reference_documents_every_public_name(repository: Path) -> None:
    text = (repository / "docs" / "reference.md").read_text(encoding="utf-8")
    grouped = {name for members in re.findall(r"members: \[(.*?)\]", text) for name in members.split(", ")}
    single = {target.rpartition(".")[2] for target in re.findall(r"^::: (\S+)$", text, re.MULTILINE)}
    assert not set(nh._HOME) - grouped - single


def test_every_page_is_in_the_navigation(repository: Path) -> None:
    configuration = (repository / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"- ([\w-]+\.md)$", configuration, re.MULTILINE))
    assert {page.name for page in PAGES[1:]} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_what_the_site_fills_in_is_readable_without_it(page: Path) -> None:
    """Links to models lead to the file that defines them, and every line that the site fills in is one that it knows."""
    text = page.read_text(encoding="utf-8")
    assert "{{" not in text
    for name, target in re.findall(r"^\w+: \[`(\w+)`\]\((\S+)\)$", text, re.MULTILINE):
        assert re.search(rf"^(class )?{name}\b", (page.parent / target).read_text(encoding="utf-8"), re.MULTILINE), name


def test_the_site_has_tables_of_parameters(repository: Path) -> None:
    found = importlib.util.spec_from_file_location("hooks", repository / "docs" / "hooks.py")
    assert found is not None
    assert found.loader is not None
    hooks = importlib.util.module_from_spec(found)
    found.loader.exec_module(hooks)
    filled = hooks.on_page_markdown((repository / "docs" / "editing.md").read_text(encoding="utf-8"))
    assert not hooks.TOKEN.search(filled)
    assert "| `mm` | `2` | mm | -200 to 200 | How far the classes grow; below 0: shrink. |" in filled
    assert "hounsfield demo" in hooks.on_page_markdown("Options: `hounsfield demo --help`")


def test_ci_runs_the_second_command_of_the_readme(repository: Path) -> None:
    """One command passes the tests, written the same in both places."""
    lines = "".join(blocks(repository / "README.md", "sh")).splitlines()
    _, second = (line for line in lines if line.startswith("python3.11 -m venv"))
    assert second in (repository / ".ci" / "run").read_text(encoding="utf-8").splitlines()
