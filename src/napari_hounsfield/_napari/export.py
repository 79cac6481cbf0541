"""*Export*: a layer to a file whose format is named, with the series that a DICOM SEG refers to; or a folder for 3D Slicer."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.types import FileDialogMode
from magicgui.widgets import CheckBox, ComboBox, FileEdit, Label
from napari.layers import Image, Labels

from napari_hounsfield.errors import GridError, WriteError
from napari_hounsfield.formats.atomic import full_suffix
from napari_hounsfield.formats.seg_params import PATIENT_NOTE, SegParams
from napari_hounsfield.grid import same_lattice
from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Source, Volume

from .bridge import from_layer
from .drawn_on import drawn_on
from .form import RunBar
from .layers import KEY, Shown
from .layout import Dock, rows
from .listening import LayerListener
from .notices import complain, tell
from .worker import message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LABEL_MAP_SEG = "DICOM SEG, label map (.dcm)"
MAP_FORMATS = {"DICOM SEG, probabilities (.dcm)": ".dcm"}
IMAGE_FORMATS = {
    "NIfTI (.nii.gz)": ".nii.gz",
    "NRRD (.nrrd)": ".nrrd",
    "MetaImage (.mha)": ".mha",
    "OME-Zarr (.ome.zarr)": ".ome.zarr",
}
LABEL_FORMATS = {
    "DICOM SEG (.dcm)": ".dcm",
    LABEL_MAP_SEG: ".dcm",
    "3D Slicer (.seg.nrrd)": ".seg.nrrd",
    "DICOM contours (.rtstruct.dcm)": ".rtstruct.dcm",
    **IMAGE_FORMATS,
}

SUFFIXES = {**LABEL_FORMATS, **MAP_FORMATS}


class Export(Dock):
    """Dock that writes one layer."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self._viewer = napari_viewer
        self._layer = ComboBox(name="layer", choices=self._layers, tooltip="Image or labels layer")
        self._format = ComboBox(
            name="format", choices=self._formats, tooltip="What this kind of layer can be written as; DICOM carries the patient"
        )
        self._path = FileEdit(
            name="file", mode=FileDialogMode.OPTIONAL_FILE, tooltip="The format's ending is added where it is missing"
        )
        self._source = FileEdit(
            name="source", label="DICOM source", mode=FileDialogMode.EXISTING_DIRECTORY, nullable=True,
            tooltip="For DICOM: the folder of the series that was labelled; empty where the layer is of a series that is shown",
        )  # fmt: skip
        self._overwrite = CheckBox(
            text="replace an existing file", tooltip="Otherwise an existing file stays, and nothing is written"
        )
        self.bar = RunBar(self.run, "Export", "Write the layer to the file")
        self._told = Label(value="")
        self._image = ComboBox(
            name="image", label="with image", choices=self._images, tooltip="For 3D Slicer: the image that labels are sent with"
        )
        self.slicer_bar = RunBar(
            self.send,
            "Send to 3D Slicer",
            "Write labels, image and measurements into a folder of the name above",
        )
        form = rows([self._layer, self._format, self._path, self._source])
        super().__init__(rows([form, self._told, self._overwrite, self.bar, rows([self._image]), self.slicer_bar], labels=False))
        self._listener = LayerListener(napari_viewer, self._refresh, self)
        self._layer.changed.connect(self._format.reset_choices)
        self._format.changed.connect(self._tell)
        active = napari_viewer.layers.selection.active
        if active in self._layer.choices:
            self._layer.value = active
        self._tell()

    def _refresh(self) -> None:
        for choice in (self._layer, self._format, self._image):
            choice.reset_choices()

    def _layers(self, _: Any = None) -> list[Layer]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image | Labels)][::-1]

    def _images(self, _: Any = None) -> list[Layer]:
        return [layer for layer in self._layers() if isinstance(layer, Image)]

    def _formats(self, _: Any = None) -> list[str]:
        if isinstance(self._layer.value, Labels):
            return list(LABEL_FORMATS)
        how = None if self._layer.value is None else self._layer.value.metadata.get(KEY)
        maps = isinstance(how, Shown) and isinstance(how.template, Features)
        return [*IMAGE_FORMATS, *(MAP_FORMATS if maps else ())]

    def _tell(self) -> None:
        """Say what the format carries of the patient, before anything is written."""
        dicom = SUFFIXES.get(str(self._format.value), "").endswith(".dcm")
        self._told.value = f"The file {PATIENT_NOTE}." if dicom else "The file carries nothing of the patient."

    def run(self) -> None:
        """Write the layer in a thread."""
        try:
            path, data = self._asked()
            suffix = SUFFIXES[self._format.value]
            if full_suffix(path) != suffix:
                path = path.with_name(path.name.removesuffix(".dcm") + suffix)
        except Exception as error:
            complain(message_of(error))
            return
        source = Path(str(self._source.value)) if self._source.value else None
        params = SegParams(type="labelmap" if self._format.value == LABEL_MAP_SEG else "auto")
        steps = _write(path, data, source, self._overwrite.value, params)
        self.bar.start(steps, lambda written: tell(f"{written.name} is written"))

    def send(self) -> None:
        """Write a folder for 3D Slicer in a thread."""
        from napari_hounsfield.formats.slicer_folder import send_to_slicer_steps

        try:
            folder, labels = self._asked()
            image = None if self._image.value is None else from_layer(self._image.value)
            if not isinstance(labels, LabelMap) or not isinstance(image, Volume):
                raise WriteError("layer: choose a labels layer, and the image that goes with it")
            steps = send_to_slicer_steps(folder, image, labels, overwrite=self._overwrite.value)
        except Exception as error:
            complain(message_of(error))
            return
        self.slicer_bar.start(steps, lambda written: tell(f"{written.name} is written: drag the folder into 3D Slicer"))

    def _asked(self) -> tuple[Path, Any]:
        """The file that is named, and the data of the layer."""
        if self._layer.value is None:
            raise WriteError("layer: there is nothing to export yet")
        path = Path(str(self._path.value or ""))
        if not path.name:
            raise WriteError("file: no name is given")
        layer = self._layer.value
        return path, from_layer(layer, drawn_on(layer, self._viewer.layers))


def _write(path: Path, data: Any, source: Path | None, overwrite: bool, params: SegParams) -> Generator[Progress, None, Path]:
    from napari_hounsfield.formats.writing import write_steps

    yield Progress(0, "writing")
    series = _series_of(source, data) if path.suffix == ".dcm" and source is not None and source.name else None
    return (yield from write_steps(path, data, series, overwrite, params))


def _series_of(folder: Path, labels: LabelMap | Features) -> Source:
    """The series in a folder that lies on the grid of the labels, or in their frame of reference.

    Raises
    ------
    GridError
        If there is none.
    """
    from napari_hounsfield import scan

    placed = [series.plan for series in scan(folder).chosen() if series.plan is not None]
    same = [plan for plan in placed if same_lattice(plan.grid, labels.grid)]
    frame = labels.frame_of_reference
    for plan in same or [plan for plan in placed if frame and plan.grid.frame_of_reference == frame]:
        return plan.source
    raise GridError(f"{folder.name}: none of its series lies on the grid of {labels.name or 'the labels'}")
