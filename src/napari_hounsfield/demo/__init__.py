"""The demonstration: a phantom, the whole pipeline on it, and what it finds in one table."""
