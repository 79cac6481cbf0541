"""Label maps against a reference, and what the labelled voxels measure."""
