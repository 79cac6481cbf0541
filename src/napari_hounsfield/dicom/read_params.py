"""How images are read."""

from __future__ import annotations

from typing import Literal

from napari_hounsfield.operation import Params, number


class ReadParams(Params):
    """How images are read."""

    series: str = ""
    """Series Instance UID of the series to read; empty: all."""
    part: int = number(0, 0, 100_000)
    """Which volume of the series, or label map of the file, where it holds several, counted from 1; 0: all."""
    time: int = number(0, 0, 100_000)
    """Which time point (or diffusion weighting) to read, where there are several, counted from 1; 0: all."""
    uneven: Literal["refuse", "resample", "ignore"] = "refuse"
    """Slices that are not evenly spaced: refuse them, interpolate them to an even grid, or read them as if they were even."""
    tilt: Literal["keep", "resample"] = "keep"
    """Slices that are tilted against their stack (CT gantry): keep the sheared grid, or interpolate to an upright one."""
    unit: Literal["auto", "as written", "HU", "SUV"] = "auto"
    """Unit of the values: SUV for PET where its header allows, as they are written, or one that must be; for files of other
    formats, which do not say, what they are in."""
    geometry: bool = True
    """Refuse slices that lack position or orientation; otherwise they are read by their order and spacing alone."""
    force: bool = False
    """Read DICOM files without preamble or file meta information."""
