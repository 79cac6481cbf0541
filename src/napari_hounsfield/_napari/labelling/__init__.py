"""A labelling session in the viewer: the layers that show it, labels that follow the brush, and the dock."""
