"""gzip streams are readable by everyone."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

from napari_hounsfield import FormatError, Volume, read, write
from napari_hounsfield.formats.gzip_stream import gzip_reader, gzip_writer

from .generated import AFFINE, voxels


def test_others_read_what_is_written_and_the_bytes_are_the_same_each_time():
    content = voxels("i2", (20, 64, 64)).tobytes()
    made = []
    for _ in range(2):
        stream = io.BytesIO()
        with gzip_writer(stream) as packed:
            packed.write(content)
        made.append(stream.getvalue())
    assert made[0] == made[1]
    assert gzip.decompress(made[0]) == content
    assert gzip_reader(io.BytesIO(gzip.compress(content[:99]) + gzip.compress(content[99:]))).read() == content


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_damage_is_noticed(tmp_path, suffix):
    volume = Volume(voxels("i2", (20, 32, 32)), AFFINE)
    path = write(tmp_path / f"v{suffix}", volume)
    assert np.array_equal(read(path)[0].array, volume.array)
    whole = path.read_bytes()
    for damaged in (whole[:-9], whole[: len(whole) // 2], whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:]):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"^v\.\S+: (damaged|truncated)"):
            read(path)
