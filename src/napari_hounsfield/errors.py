"""The errors a user can cause or meet, each one line that names the input and the reason."""

from __future__ import annotations


class HounsfieldError(ValueError):
    """Base of every error that this package raises on purpose.

    The message is one line, names the file or input, and never holds patient data beyond a file's base name.
    """


class DicomError(HounsfieldError):
    """A DICOM input that cannot be read rightly."""


class UnsupportedDicomError(DicomError):
    """A DICOM input of a kind that is not read yet, named by its kind."""


class FormatError(HounsfieldError):
    """A file that is not what its name says, is damaged, or is of no known format."""


class GridError(HounsfieldError):
    """Two inputs that do not lie on the same grid, or a grid that is not one."""


class LabelError(HounsfieldError):
    """Labels that cannot be used: none painted, one class only, values that are not whole numbers."""


class IntensityError(HounsfieldError):
    """Image values that cannot be computed with, such as NaN inside the scanned field."""


class ParameterError(HounsfieldError):
    """A parameter that does not fit the data, with the value that would."""


class ModelError(HounsfieldError):
    """A model file that is damaged, unsafe or does not fit the image."""


class WriteError(HounsfieldError):
    """An output that could not be written; nothing is left under its final name."""
