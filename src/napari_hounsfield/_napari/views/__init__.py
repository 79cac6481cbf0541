"""*Linked views*: axial, coronal, sagittal and 3D beside the main canvas, one position in all of them, and comparison.

`planes`, `letters` and `position` are pure. A `Twins` keeps the copies of one layer in step, a `View` is one picture, `Link`
joins the positions and zooms of all views, `Desk` holds them together, and `dock` is the widget.
"""
