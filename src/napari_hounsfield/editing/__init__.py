"""Edits of labels, as a segment editor has them, in place and undone."""
