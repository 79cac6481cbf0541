"""*Segment editor*: classes, painting within limits, operations and undo on a labels layer that stays the user's."""
