"""What becomes of a layer when the docks that it is edited in are closed: nothing runs on, and nothing unseen holds the brush."""

from __future__ import annotations

from typing import Any

from napari_hounsfield._napari.notices import tell

from .adopted import LayerEditing
from .masking import Masking


def take_up(editing: LayerEditing, dock: Any) -> None:
    """Remember that a dock shows the layer."""
    editing.docks.add(dock)


def let_go(editing: LayerEditing, dock: Any) -> None:
    """Forget a dock; with the last one, what runs is given up, and locks and limits are lifted, which is said.

    Undo stays, and so do names and colours.
    """
    editing.docks.discard(dock)
    if editing.docks:
        return
    editing.runner.cancel()
    held = [word for word, some in (("locks", editing.editor.locked), ("limits", editing.masking != Masking())) if some]
    if held and editing.exists:
        editing.set_locked(frozenset())
        editing.set_masking(Masking())
        tell(f"{editing.layer.name}: its {' and '.join(held)} are lifted, as the segment editor is closed")
