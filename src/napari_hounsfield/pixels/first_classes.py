"""First classes: a draft without supervision, from the image and its features."""

from __future__ import annotations

from collections.abc import Generator

from napari_hounsfield.operation import Progress, operation
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import Volume

from .class_params import ClassesParams
from .drafts import Drafts


@operation("classes", ClassesParams)
def classes(
    volume: Volume, features: Features | None = None, *, params: ClassesParams
) -> Generator[Progress, None, Segmentation]:
    """Divide an image into first classes without supervision.

    Parameters
    ----------
    volume
        One scalar image.
    features
        Features of the same recipe, where they are already there.
    params
        Method; found classes are numbered by rising mean intensity and, in HU, named by the tissue table.

    Returns
    -------
    Segmentation
        Draft labels (0 in the padding) and, in `sureness`, how far each voxel is from a tie (0) between two classes: the
        difference between its two largest probabilities or memberships, or its depth in the range of its tissue. The number of
        classes that was found is in the recorded parameters, which repeat the result.

    Raises
    ------
    IntensityError
        If nothing was scanned, the scanned field holds NaN, or fewer voxels differ than there are to be classes.
    ParameterError
        If the tissue table is asked for and the unit is not HU.

    References
    ----------
    Seed paper, section 4.1: its unsupervised analysis is read as a clustering (ISODATA, k-means, Gaussian mixture, HU table); the
    number of classes is settled by comparing the draft with the image.
    """
    return (yield from Drafts(volume, features).whole(params))
