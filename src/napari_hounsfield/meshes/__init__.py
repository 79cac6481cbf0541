"""Smooth surfaces of classes, as meshes in patient millimetres."""
