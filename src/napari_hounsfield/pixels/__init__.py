"""Recognition of voxels: first classes, samples, classifiers and what they give."""
