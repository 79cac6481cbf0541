"""From DICOM files to volumes: files -> headers -> plan (pure) -> geometry -> pixels."""
