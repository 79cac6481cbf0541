"""Editing label maps: operations of a segment editor, and undoing them."""
