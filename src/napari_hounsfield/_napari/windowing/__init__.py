"""Window and level in the viewer: presets, drag, keys, and the dock that shows the numbers."""
