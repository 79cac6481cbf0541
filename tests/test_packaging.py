"""Wheel, sdist and editable installs, each in a fresh environment: the plugin is registered and the command works.

A full installation takes minutes, so the fresh environments borrow the dependencies of this one, as links to everything in its
site-packages but this package. Nothing is fetched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

# The location of everything that makes the plugin, as the fresh environment sees it.
PROBE = """
import importlib.metadata, json
import napari_hounsfield
from npe2 import PluginManifest

found = [r for r in PluginManifest.discover() if r.distribution and r.distribution.metadata["Name"] == "napari-hounsfield"]
(result,) = found
assert result.error is None, result.error
(script,) = importlib.metadata.entry_points(group="console_scripts", name="hounsfield")
print(json.dumps({
    "package": napari_hounsfield.__file__,
    "distribution": str(result.distribution.locate_file("")),
    "version": [napari_hounsfield.__version__, result.distribution.version],
    "plugin": result.manifest.name,
    "widgets": [widget.display_name for widget in result.manifest.contributions.widgets or []],
    "manifest": [str(path) for path in result.distribution.files if path.name == "napari.yaml"],
    "typed": (importlib.resources.files("napari_hounsfield") / "py.typed").is_file(),
}))
"""


def quietly(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PIP_CONSTRAINT"}}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, cwd=cwd, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def artefacts(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is published, built as it is published: the wheel from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    quietly(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, repository, cwd=out)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist, "editable": repository}


@pytest.fixture(scope="module", params=["wheel", "sdist", "editable"])
def environment(
    request: pytest.FixtureRequest, artefacts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Path]:
    """How it was installed, a fresh environment with it, and that environment's folder of scripts."""
    root = tmp_path_factory.mktemp(request.param).resolve()
    venv.create(root / "env", symlinks=os.name != "nt")
    paths = {"base": str(root / "env"), "platbase": str(root / "env")}
    scripts = Path(sysconfig.get_path("scripts", "venv", paths))
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    borrowed = root / "borrowed"
    borrowed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "hounsfield" not in entry.name and entry.suffix != ".pth":
            try:
                (borrowed / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
            except OSError as error:
                pytest.skip(f"links are not allowed here: {error}")
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    python = scripts / Path(sys.executable).name
    with pytest.raises(AssertionError, match="No module named 'napari_hounsfield'"):
        quietly(python, "-c", "import napari_hounsfield", cwd=root)  # the environment is fresh
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    editable = ["--editable"] if request.param == "editable" else []
    quietly(sys.executable, "-m", "pip", "--python", python, "install", *offline, *editable, artefacts[request.param], cwd=root)
    return request.param, python, scripts


def test_plugin_is_registered(environment: tuple[str, Path, Path], repository: Path, tmp_path: Path) -> None:
    how, python, _ = environment
    found = json.loads(quietly(python, "-c", PROBE, cwd=tmp_path))
    home = python.parents[1]
    assert found["plugin"] == "napari-hounsfield"
    assert found["version"][0] == found["version"][1]
    assert found["typed"]
    assert Path(found["distribution"]).is_relative_to(home)
    assert Path(found["package"]).is_relative_to(repository / "src" if how == "editable" else home)
    (manifest,) = found["manifest"]
    installed = Path(found["distribution"], manifest)
    assert installed.read_bytes() == (repository / "napari.yaml").read_bytes()
    assert installed.is_relative_to(home)


def test_command_works(environment: tuple[str, Path, Path], tmp_path: Path) -> None:
    _, python, scripts = environment
    command = shutil.which("hounsfield", path=str(scripts))
    assert command
    output = quietly(command, "--help", cwd=tmp_path)
    assert "demo" in output
    assert quietly(python, "-m", "napari_hounsfield", "--help", cwd=tmp_path) == output


def test_wheel_holds_the_package_and_nothing_else(artefacts: dict[str, Path], repository: Path) -> None:
    source = repository / "src"
    expected = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    with zipfile.ZipFile(artefacts["wheel"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == expected | {"napari_hounsfield_manifest/napari.yaml"}


def test_base_installation_has_no_qt_binding(repository: Path) -> None:
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {requirement.partition(">")[0].lower() for requirement in project["dependencies"]}
    assert not names & {"pyqt5", "pyqt6", "pyside2", "pyside6", "pyside6-essentials", "napari"}


def test_every_lower_bound_is_a_tested_one(repository: Path) -> None:
    """`constraints/oldest.txt` holds exactly the lower bounds, torch excepted."""
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [*project["dependencies"], *project["optional-dependencies"]["napari"]]
    bounds = {name.lower(): bound for name, _, bound in (requirement.partition(">=") for requirement in stated)}
    lines = (repository / "constraints" / "oldest.txt").read_text().splitlines()
    tested = {name.lower(): version for name, _, version in (line.partition("==") for line in lines if "==" in line)}
    assert bounds.keys() == tested.keys()
    for name, bound in bounds.items():
        assert tested[name].startswith(bound) or name == "torch", name
