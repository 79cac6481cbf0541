"""How stored values lie in their bits and bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .truth import Truth, either, expected, read, refuse, trap
from .writing import AXIAL, BIG, DEFLATED, IMPLICIT, MR, hu, image, pattern, save, stack


@trap("12 bits stored, overlay bits above them")
def overlay_bits(folder: Path) -> Truth:
    """Retired overlays lie in bits 12 to 15: not part of the value."""
    stored = pattern(seed=87, dtype="u2")
    dirty = stored | (np.random.default_rng(87).integers(0, 16, stored.shape) << 12).astype("u2")
    save(folder, stack(dirty, BitsStored=12))
    return read(hu(stored))


@trap("12 bits stored at the top of 16")
def high_bit(folder: Path) -> Truth:
    stored = pattern(seed=88, dtype="u2")
    save(folder, stack(stored << 4, BitsStored=12, HighBit=15))
    return read(hu(stored))


@trap("signed 12 bits, upper bits 0")
def signed12(folder: Path) -> Truth:
    stored = pattern(seed=89, low=-360)
    unsigned = (stored.astype(int) & 0xFFF).astype("u2")
    save(folder, stack(unsigned, BitsStored=12, PixelRepresentation=1))
    return read(hu(stored))


@trap("signed and unsigned slices in one series")
def mixed_sign(folder: Path) -> Truth:
    stored = pattern(seed=90, dtype="u2", low=100)
    stored[::2] += 40000
    signed = stack(stored.view("i2"))
    unsigned = stack(stored)
    save(folder, [(signed if z % 2 else unsigned)[z] for z in range(6)])
    return read(hu(stored))


@trap("bits stored change from slice to slice")
def mixed_bits(folder: Path) -> Truth:
    stored = pattern(seed=91, dtype="u2")
    save(folder, stack(stored, BitsStored=[12, 16, 12, 10, 16, 12], HighBit=[11, 15, 11, 9, 15, 11]))
    return read(hu(stored))


@trap("8 bits, odd number of bytes")
def odd_bytes(folder: Path) -> Truth:
    stored = pattern(5, 11, 9, seed=92, dtype="u1")
    save(folder, stack(stored, AXIAL, MR))
    return read(expected(stored, AXIAL.affine))


@trap("signed 8 bits")
def signed8(folder: Path) -> Truth:
    stored = pattern(5, seed=93, dtype="i1", low=-128)
    save(folder, stack(stored, AXIAL, MR))
    return read(expected(stored, AXIAL.affine))


@trap("32 bits")
def bits32(folder: Path) -> Truth:
    stored = pattern(seed=94, dtype="i4", low=-70000)
    save(folder, stack(stored, AXIAL, MR))
    return either(expected(stored, AXIAL.affine))


@trap("big endian")
def big_endian(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=95)), BIG)
    return read(hu(pattern(seed=95)))


@trap("implicit VR")
def implicit(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=96)), IMPLICIT)
    return read(hu(pattern(seed=96)))


@trap("deflated")
def deflated(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=97)), DEFLATED)
    return read(hu(pattern(seed=97)))


@trap("no samples per pixel, no photometric interpretation")
def no_photometric(folder: Path) -> Truth:
    stored = pattern(seed=415)
    save(folder, stack(stored, SamplesPerPixel=None, PhotometricInterpretation=None))
    return either(hu(stored))


@trap("no pixel representation")
def no_representation(folder: Path) -> Truth:
    """Signed or not: these values do not tell."""
    stored = pattern(seed=416, low=-300)
    save(folder, stack(stored, PixelRepresentation=None))
    return refuse("PixelRepresentation|slice01", volumes=[hu(stored)])


@trap("no bits allocated")
def no_bits(folder: Path) -> Truth:
    stored = pattern(seed=417)
    save(folder, stack(stored, BitsAllocated=None))
    return either(hu(stored), blames=["BitsAllocated|slice01"])


@trap("floating-point pixel data")
def floats(folder: Path) -> Truth:
    """(7FE0,0008) instead of (7FE0,0010)."""
    values = pattern(4, seed=420).astype("f4") / 3
    datasets = stack(pattern(4, seed=420, dtype="i4"), AXIAL, MR)
    for plane, dataset in zip(values, datasets, strict=True):
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        dataset.FloatPixelData = plane.tobytes()
    save(folder, datasets)
    return either(expected(values, AXIAL.affine), blames=["slice01"])


@trap("one bit a pixel")
def one_bit(folder: Path) -> Truth:
    mask = np.random.default_rng(421).integers(0, 2, (16, 12)).astype("u1")
    packed = np.packbits(mask.ravel(), bitorder="little").tobytes()
    tags = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": packed, "FrameOfReferenceUID": None}
    save(folder, [image(mask, "1.2.840.10008.5.1.4.1.1.7", **tags)])
    return either(expected(mask[None], None, also=(255 * mask[None],)), blames=["slice01"])


@trap("12 bits packed without gaps")
def packed12(folder: Path) -> Truth:
    """Retired: two pixels in three bytes."""
    stored = pattern(seed=422, dtype="u2", low=3000)
    datasets = stack(stored)
    for plane, dataset in zip(stored, datasets, strict=True):
        even, odd = plane.ravel()[::2], plane.ravel()[1::2]
        packed = np.stack([even & 255, even >> 8 | (odd & 15) << 4, odd >> 4], axis=-1).astype("u1")
        dataset.PixelData = packed.tobytes()
        dataset.BitsAllocated = dataset.BitsStored = 12
        dataset.HighBit = 11
    save(folder, datasets)
    return refuse("BitsAllocated|12 bits|slice01", volumes=[hu(stored)])
