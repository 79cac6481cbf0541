"""Files in and out: NIfTI, NRRD, MetaImage, DICOM SEG and tables."""
