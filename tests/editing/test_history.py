"""Undo and redo of any change, bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.editing.history import History, Setting, Together
from napari_hounsfield.operation import finish


class Value:
    """Something that changes."""

    def __init__(self) -> None:
        self.now: object = 0

    def set(self, value: object) -> None:
        self.now = value


def change(value: Value, to: int, nbytes: int = 10) -> Setting:
    before, value.now = value.now, to
    return Setting(f"to {to}", value.set, before, to, nbytes)


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=40))
def test_equals_a_list_of_states(actions: list[str]) -> None:
    value, history = Value(), History()
    states, at = [0], 0
    for number, action in enumerate(actions, start=1):
        if action == "do":
            history.add(change(value, number))
            states = [*states[: at + 1], number]
            at += 1
        else:
            finish(history.undo() if action == "undo" else history.redo())
            at = max(0, at - 1) if action == "undo" else min(len(states) - 1, at + 1)
        assert value.now == states[at]
        assert len(history.titles) == at
        assert len(history.undone_titles) == len(states) - 1 - at


def test_oldest_are_forgotten_by_steps_and_by_memory() -> None:
    value, history = Value(), History(steps=20)
    for number in range(1, 31):
        history.add(change(value, number))
    assert history.titles[0] == "to 11"
    assert len(history.titles) == 20
    small = History(bytes_=100)
    for number in range(1, 31):
        small.add(change(value, number, 30))
    assert len(small.titles) == 3
    small.add(change(value, 99, 1000))
    assert small.titles == ("to 99",)


def test_several_changes_are_one() -> None:
    first, second, history = Value(), Value(), History()
    history.add(Together("both", (change(first, 1), change(second, 2))))
    finish(history.undo())
    assert (first.now, second.now) == (0, 0)
    finish(history.redo())
    assert (first.now, second.now) == (1, 2)


def test_what_was_given_up_halfway_is_still_there() -> None:
    first, second, history = Value(), Value(), History()
    history.add(Together("both", (change(first, 1), change(second, 2))))
    steps = history.undo()
    next(steps)
    steps.close()
    assert history.titles == ("both",)
    finish(history.undo())
    assert (first.now, second.now) == (0, 0)
