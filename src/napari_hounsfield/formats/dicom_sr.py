"""Measurements as DICOM Structured Report (TID 1500), through highdicom: each segment's figures, with references to the SEG.

DICOM PS3.16, TID 1500 and TID 1411. Patient and study are those of the segmentation.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from napari_hounsfield._version import __version__
from napari_hounsfield.coded_terms import Code
from napari_hounsfield.dicom.kinds import SEGMENTATIONS
from napari_hounsfield.errors import DicomError, HounsfieldError
from napari_hounsfield.evaluation.measured import ClassMeasurement, Measurements, ObjectMeasurement
from napari_hounsfield.volume import is_background

from .dicom_file import dataset_of
from .dicom_seg_reading import label_values
from .notes import one_line
from .seg_segments import MAKER, term_and_value
from .seg_source import PATIENT_AND_STUDY
from .sr_concepts import figures, procedure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_dicom_sr(path: Path, measured: Measurements, segmentation: Path) -> int:
    """Write a report with a group of figures for each class, and for each object, that has voxels.

    Parameters
    ----------
    path
        Where to.
    measured
        What `measure` gave for the labels of the segmentation.
    segmentation
        The DICOM SEG that the labels were read from, or written to.

    Returns
    -------
    int
        How many groups there are.

    Raises
    ------
    DicomError
        If that is no DICOM SEG, or one of another series, or has no segment of a class that was measured.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            dataset = dataset_of(segmentation, stop_before_pixels=True)
            _check(dataset, measured)
            segments = _segments(dataset)
            groups = [
                _group(each, measured, dataset, segments)
                for each in (*measured.classes, *(measured.objects or ()))
                if _told(each)
            ]
            if not groups:
                raise DicomError("nothing was measured that it has a segment of")
            _report(dataset, measured, groups).save_as(path, enforce_file_format=True)
    except HounsfieldError as error:
        raise DicomError(f"{segmentation.name}: {str(error).removeprefix(segmentation.name + ': ')}") from None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise DicomError(f"{segmentation.name}: damaged DICOM segmentation, to which no report can refer") from None
    return len(groups)


def _told(one: ClassMeasurement) -> bool:
    return one.voxels > 0 and one.label > 0 and not is_background(one.name)


def _check(dataset: Any, measured: Measurements) -> None:
    if dataset.get("SOPClassUID") not in SEGMENTATIONS:
        raise DicomError("a report of measurements refers to a DICOM segmentation, and this is none")
    known = {str(item.get("SeriesInstanceUID", "")) for item in dataset.get("ReferencedSeriesSequence") or []}
    uid = measured.source.series_uid if measured.source else ""
    if uid and known and uid not in known:
        raise DicomError("it is of another series than the image that was measured")


def _segments(dataset: Any) -> Mapping[int, Any]:
    """Segments by label value."""
    described = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    values = label_values({number: term_and_value(item) for number, item in described.items()})
    return {values[number]: item for number, item in described.items()}


def _group(one: ClassMeasurement, measured: Measurements, dataset: Any, segments: Mapping[int, Any]) -> Any:
    import highdicom as hd

    segment = segments.get(one.label)
    called = one_line(segment.SegmentLabel) if segment is not None else ""
    if segment is None or called not in (one_line(one.name).replace("\\", "/")[:64], f"label {one.label}"):
        raise DicomError(f"it has no segment {one.label} of the name that was measured, so its labels are not those")
    number = f", object {one.object}" if isinstance(one, ObjectMeasurement) else ""
    kind, category = segment.SegmentedPropertyTypeCodeSequence[0], segment.SegmentedPropertyCategoryCodeSequence[0]
    sites = [_site(item) for item in segment.get("AnatomicRegionSequence") or []]
    series = str(dataset.ReferencedSeriesSequence[0].SeriesInstanceUID)
    values = [
        hd.sr.Measurement(
            name=_coded(figure.quantity),
            value=float(value),
            unit=_coded(figure.unit),
            derivation=_coded(figure.derivation) if figure.derivation else None,
        )
        for figure in figures(measured.unit, measured.modality)
        if (value := getattr(one, figure.key)) is not None
    ]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=hd.UID(), identifier=f"{called[:50]}{number}"),
        referenced_segment=hd.sr.ReferencedSegment(
            sop_class_uid=dataset.SOPClassUID,
            sop_instance_uid=dataset.SOPInstanceUID,
            segment_number=int(segment.SegmentNumber),
            source_series=hd.sr.SourceSeriesForSegmentation(referenced_series_instance_uid=series),
        ),
        finding_type=_concept(kind),
        finding_category=_concept(category),
        finding_sites=sites or None,
        algorithm_id=hd.sr.AlgorithmIdentification(name=f"{MAKER} measure", version=__version__),
        measurements=values,
    )


def _coded(concept: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(concept.value, concept.scheme, concept.meaning)


def _concept(item: Any) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning))


def _site(item: Any) -> Any:
    import highdicom as hd

    modifiers = item.get("AnatomicRegionModifierSequence") or []
    return hd.sr.FindingSite(_concept(item), laterality=_concept(modifiers[0]) if modifiers else None)


def _report(dataset: Any, measured: Measurements, groups: list[Any]) -> Any:
    import highdicom as hd
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes

    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), name=MAKER, manufacturer_name=MAKER, model_name=MAKER
        ),
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=device),
        procedure_reported=_coded(procedure(measured.unit, measured.modality)),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    evidence = Dataset()  # highdicom would copy whatever else the segmentation says of the patient
    for keyword in (*PATIENT_AND_STUDY, "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID"):
        if keyword in dataset:
            evidence[keyword] = dataset[keyword]
    written = hd.sr.EnhancedSR(
        evidence=[evidence],
        content=report,
        series_instance_uid=hd.UID(),
        series_number=302,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
    )
    written.SpecificCharacterSet = "ISO_IR 192"  # names of classes may be in any script
    written.SeriesDescription, written.SoftwareVersions = "Measurements", __version__
    return written
