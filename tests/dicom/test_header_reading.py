"""The quick walk over a header against pydicom: the same facts, or it gives up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield.dicom import header_reading
from napari_hounsfield.dicom.elements import WalkError, walked
from napari_hounsfield.dicom.header_reading import LOOKED_INTO, WANTED, read_headers
from napari_hounsfield.errors import DicomError

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


def facts(header):
    """Everything a header holds, comparable: NaN equals itself, and a table is its bytes."""
    lut = None if header.lut is None else header.lut.entries.tobytes()
    return repr((dataclasses.asdict(header), lut))


def both(path, monkeypatch):
    """Headers by the walk (None where it gives up) and by pydicom."""
    told = []

    def give_up(path, file):
        raise WalkError

    def noting(path, force):
        told.append(path)
        return with_pydicom(path, force)

    with_pydicom = header_reading._with_pydicom
    with monkeypatch.context() as patch:
        patch.setattr(header_reading, "_with_pydicom", noting)
        quick = read_headers(path)
    with monkeypatch.context() as patch:
        patch.setattr(header_reading, "_walked", give_up)
        slow = read_headers(path)
    return None if told else [facts(h) for h in quick], [facts(h) for h in slow]


def with_nested(dataset, rng, undefined):
    """Sequences, private elements and long values, as scanners write them."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    def item(depth):
        inner = Dataset()
        inner.CodeValue = "X" * int(rng.integers(1, 9))
        inner.PixelSpacing = ["9", "9"]
        if depth:
            inner.ReferencedImageSequence = Sequence([item(depth - 1) for _ in range(rng.integers(0, 3))])
            inner["ReferencedImageSequence"].is_undefined_length = bool(rng.integers(2))
            for one in inner.ReferencedImageSequence:
                one.is_undefined_length_sequence_item = bool(rng.integers(2))
        return inner

    dataset.RequestAttributesSequence = Sequence([item(2), item(1)])
    dataset["RequestAttributesSequence"].is_undefined_length = undefined
    for one in dataset.RequestAttributesSequence:
        one.is_undefined_length_sequence_item = undefined
    block = dataset.private_block(0x0029, "SOMEBODY", create=True)
    block.add_new(1, "OB", bytes(rng.integers(0, 256, int(rng.integers(0, 40000)), dtype=np.uint8)))
    block.add_new(2, "SQ", Sequence([item(1)]))
    block.add_new(3, "UN", b"ab")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seed=st.integers(0, 10**6),
    syntax=st.sampled_from([IMPLICIT, EXPLICIT]),
    undefined=st.booleans(),
    texts=st.dictionaries(
        st.sampled_from(["SliceThickness", "RescaleSlope", "SeriesNumber", "WindowCenter", "EchoTime", "InstanceNumber"]),
        st.sampled_from(["1", " 2.50 ", "1e2", "nan", "", "-0", "1_0", "12abc", "3\\4"]),
    ),
)
def test_the_walk_gives_what_pydicom_gives(tmp_path_factory, make_plane, noise, monkeypatch, seed, syntax, undefined, texts):
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    rng = np.random.default_rng(seed)
    dataset = make_plane(noise((6, 5), seed=seed), (1.5, -2.5, 3.0), 1, syntax=syntax)
    with_nested(dataset, rng, undefined)
    for keyword, text in texts.items():
        tag = Tag(keyword)
        raw = text.encode() + b" " * (len(text) % 2)
        dataset[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, syntax == IMPLICIT, True)
    path = tmp_path_factory.mktemp("walk") / "IM"
    try:
        dataset.save_as(path, enforce_file_format=True)
    except (ValueError, TypeError):  # pydicom does not write every one of these texts
        return
    quick, slow = both(path, monkeypatch)
    assert quick is not None
    assert quick == slow


def test_the_walk_gives_up_rather_than_guess(tmp_path, write_series, noise):
    data = write_series(tmp_path, noise((1, 4, 4)))[0].read_bytes()
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    elements, end = walked(data, start, False, WANTED, LOOKED_INTO)
    assert elements.values[0x00280010] == (b"US", b"\x04\x00")
    at = data.index(b"\x28\x00\x10\x00US")
    for damaged in (
        data[:at] + b"\x28\x00\x10\x00ZZ" + data[at + 6 :],  # no value representation
        data[:at] + data[at + 10 : at + 20] + data[at : at + 10] + data[at + 20 :],  # not ascending
        data[: at + 6] + b"\xff\xff" + data[at + 8 :],  # longer than the file
        data[:end],  # no pixel data
    ):
        with pytest.raises(WalkError):
            walked(damaged, start, False, WANTED, LOOKED_INTO)


def test_description_is_read_in_its_character_set(tmp_path, write_series, noise):
    from napari_hounsfield.dicom.scan import scan

    write_series(tmp_path, noise((1, 4, 4)), SpecificCharacterSet="ISO_IR 192", SeriesDescription="Schädel ñ")
    assert scan(tmp_path).series[0].description == "Schädel ñ"


@pytest.mark.slow
def test_every_file_gives_the_same_by_the_walk_and_by_pydicom(shared_data, monkeypatch):
    compared = given_up = 0
    for path in sorted(path for path in shared_data.rglob("*") if path.is_file()):
        try:
            quick, slow = both(path, monkeypatch)
        except DicomError:
            continue
        given_up += quick is None
        if quick is not None:
            compared += 1
            assert quick == slow, path
    assert compared > 800
    assert given_up < 0.1 * compared


@pytest.mark.parametrize(("between", "order"), [(4.0, (1, 2, 3, 4)), (-4.0, (1, 2, 3, 4)), (4.0, (4, 3, 2, 1))])
def test_slices_of_nuclear_tomography_lie_behind_or_before_the_first(tmp_path, make_plane, between, order):
    """PS3.3 C.8.4.15: a positive spacing stacks along the normal, row x column."""
    import napari_hounsfield as nh

    path = nuclear(tmp_path / "IM", make_plane, between, order)
    (volume,) = nh.read(path)
    planes = [(-10.0 + between * (number - 1), value) for value, number in enumerate(order)]
    assert volume.axes == "zyx"
    assert [int(plane[0, 0]) for plane in volume.array] == [value for _, value in sorted(planes)]
    np.testing.assert_allclose(volume.grid.positions([[0, 0, 0]])[0], (5.0, 6.0, min(planes)[0]))
    assert volume.spacing[0] == pytest.approx(4.0)


def test_slices_of_nuclear_tomography_without_a_place_are_stacked_by_their_numbers(tmp_path, make_plane):
    import napari_hounsfield as nh

    (volume,) = nh.read(nuclear(tmp_path / "IM", make_plane, 4.0, (2, 1, 3, 4), place=False))
    assert (volume.axes, volume.spacing[0]) == ("zyx", 4.0)
    assert [int(plane[0, 0]) for plane in volume.array] == [1, 0, 2, 3]
    assert any("No geometry" in warning for warning in volume.warnings)


def test_nuclear_frames_that_share_a_slice_are_pictures_in_time(tmp_path, make_plane):
    import napari_hounsfield as nh

    (volume,) = nh.read(nuclear(tmp_path / "IM", make_plane, 4.0, (1, 2, 1, 2)))
    assert (volume.axes, volume.array.shape) == ("tzyx", (4, 1, 6, 5))


def nuclear(path, make_plane, between, order, place=True):
    """A nuclear image of four frames, whose values are the number of the frame."""
    from pydicom.dataset import Dataset

    stored = np.repeat(np.arange(4, dtype="u2"), 30).reshape(4, 6, 5)
    dataset = make_plane(stored[0], (0, 0, 0), 1, Modality="NM", SOPClassUID="1.2.840.10008.5.1.4.1.1.20")
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.RescaleSlope, dataset.RescaleIntercept
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [5, 6, -10], [1, 0, 0, 0, 1, 0]
    dataset.DetectorInformationSequence = [detector] if place else []
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    dataset.NumberOfFrames, dataset.SpacingBetweenSlices, dataset.SliceVector = 4, between, list(order)
    dataset.PixelData = stored.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
