"""A session as Python that repeats it without a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .session import LabellingSession

TEMPLATE = '''"""Repeats a labelling session: trains on its strokes, and writes what is recognised."""

from dataclasses import replace

import napari_hounsfield as nh

read = [volume for path in {paths!r} for volume in nh.read(path) if isinstance(volume, nh.Volume)]
kinds = {kinds!r}  # units and modalities of the session's images, which their files may not say
images = [replace(volume, unit=unit, modality=modality) for volume in read for unit, modality in kinds]
session = nh.load_session({session!r}, images)  # strokes, classes, parameters; images are known by their voxels
classifier = session.train()  # by strokes, parameters and seed alone
classifier.save({model!r})
for number, image in enumerate(session.images, start=1):
    result = session.segment(image)
    nh.write(f"labels-{{number}}.nii.gz", result.labels)
'''


def as_script(session: LabellingSession, path: str | Path, sources: str | Path | Sequence[str | Path] = ()) -> str:
    """Python that repeats a session.

    Parameters
    ----------
    session
        As it stands.
    path
        Where it was saved.
    sources
        Folders and files of its images; empty: of the DICOM series that they were read from, or a place to fill in.
    """
    volumes = [volume for image in session.images for volume in image.channels.originals]
    kinds = sorted({(volume.unit, volume.modality) for volume in volumes})
    found = [str(source) for source in ([sources] if isinstance(sources, (str, Path)) else sources)]
    if not found:
        folders = [{str(file.parent) for file in volume.source.files} if volume.source else set() for volume in volumes]
        found = sorted(set().union(*folders)) or ["folder or file of the image"]
    path = Path(path)
    model = path.with_name(f"{path.stem}.classifier.safetensors")
    return TEMPLATE.format(paths=found, kinds=kinds, session=str(path), model=str(model))
