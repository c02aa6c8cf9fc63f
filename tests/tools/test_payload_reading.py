"""A record means the same whatever the tools' defaults become."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ctreview.edits import Edit, Session, replay
from ctreview.errors import MalformedEdit
from ctreview.tools import TOOLS, Canvas, handlers, with_defaults
from ctreview.tools.kinds import RECORDED_DEFAULTS
from ctreview.tools.payload_reading import read_payload, require_well_formed
from ctreview.volume.labels import LabelMap

from .conftest import LESION, SCHEME
from .drawing import PAYLOADS, ball

DEFAULTED = ["brush", "fill_between", "lasso", "live_wire", "remove_small", "scribble", "take_piece"]
"""Tools with numbers among their defaults."""


def base_of(canvas: Canvas) -> LabelMap:
    painted = ball(ball(canvas, np.array([-10.0, 0, 0]), 5), np.array([15.0, 0, 0]), 3).labels.array.copy()
    painted[[10, 14], 20:24, 20:24] = 2
    return LabelMap(painted, canvas.geometry, SCHEME)


def bare(kind: str) -> dict[str, Any]:
    """A payload that leaves all it can to defaults."""
    return {key: value for key, value in PAYLOADS[kind].items() if key not in RECORDED_DEFAULTS[kind]}


def replayed(canvas: Canvas, kind: str, payload: Mapping[str, Any]) -> npt.NDArray[Any]:
    edit = Edit(kind, "opacity", payload, "reader", canvas.volume.digest, canvas.geometry)
    other = ball(canvas, LESION, 6).labels
    done = replay(base_of(canvas), [edit], handlers(canvas, other=other), image=canvas.volume.digest)
    assert not done.refused
    return done.labels.array


def _other(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value + 1 if isinstance(value, int) else 0.3 * value + 1.0


def change_defaults(kind: str, patch: pytest.MonkeyPatch) -> None:
    """As a later version of ctreview might have them."""
    tool, settings_type = TOOLS[kind].tool, TOOLS[kind].settings
    if settings_type is not None:
        old = settings_type.__init__.__defaults__ or ()  # type: ignore[misc]
        patch.setattr(settings_type.__init__, "__defaults__", tuple(_other(value) for value in old))  # type: ignore[misc]
    named = dict(tool.__kwdefaults__ or {})
    changed = {name: settings_type() if name == "settings" else _other(value) for name, value in named.items()}  # type: ignore[misc]
    patch.setattr(tool, "__kwdefaults__", changed)


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_what_records_of_old_did_not_say_is_written_down_for_every_default(kind: str) -> None:
    """A new parameter needs the value under which its tool does what it did before, in `RECORDED_DEFAULTS`."""
    today = with_defaults(kind, {})
    assert set(RECORDED_DEFAULTS[kind]) == set(today)
    assert set(RECORDED_DEFAULTS[kind].get("settings", {})) == set(today.get("settings", {}))


@pytest.mark.parametrize("kind", DEFAULTED)
def test_a_record_of_old_is_replayed_by_the_defaults_of_its_time(
    canvas: Canvas, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replayed(canvas, kind, bare(kind))
    change_defaults(kind, monkeypatch)
    assert np.array_equal(replayed(canvas, kind, bare(kind)), before)


@pytest.mark.parametrize("kind", ["brush", "take_piece"])
def test_a_record_holds_what_it_was_made_with(canvas: Canvas, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made under other defaults than those of old, it keeps them."""
    journal: list[Edit] = []

    def session() -> Session:
        return Session(
            base_of(canvas),
            target="opacity",
            image=canvas.volume.digest,
            handlers=handlers(canvas),
            author="anna",
            record=journal.append,
            complete_payload=with_defaults,
        )

    with monkeypatch.context() as later:
        change_defaults(kind, later)
        made = session()
        made.act(kind, bare(kind))
        drawn = made.array.copy()
        kept = asdict(TOOLS[kind].settings())  # type: ignore[misc]
    assert journal[0].payload["settings"] == kept
    assert np.array_equal(replayed(canvas, kind, journal[0].payload), drawn)
    assert not np.array_equal(replayed(canvas, kind, bare(kind)), drawn)


def test_what_a_payload_names_stands() -> None:
    found = with_defaults("take_piece", {"point": [1.0, 2.0, 3.0], "settings": {"reach_mm": 7.0}})
    assert found["settings"]["reach_mm"] == 7.0
    assert found["settings"]["neck_mm"] == RECORDED_DEFAULTS["take_piece"]["settings"]["neck_mm"]
    assert with_defaults("undo", {"of": "x"}) == {"of": "x"}


def edit_of(canvas: Canvas, kind: str, payload: Mapping[str, Any]) -> Edit:
    return Edit(kind, "opacity", payload, "reader", canvas.volume.digest, canvas.geometry, id="abc123")


def test_a_typed_payload_holds_what_its_tool_is_called_with(canvas: Canvas) -> None:
    for tool in TOOLS.values():
        names = set(inspect.signature(tool.tool).parameters) - {"canvas", "other", "memory", "offered"}
        assert {field.name for field in fields(tool.payload)} == names


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("brush", {"points": [[0.0, 1.0]]}, r"points\[0\] holds 2 values, not 3"),
        ("brush", {"points": None}, "points is None, not a list"),
        ("brush", {"settings": {"radius_mm": "5"}}, "settings.radius_mm is '5', not a number"),
        ("brush", {"settings": 3}, "settings is 3, not a mapping"),
        ("brush", {"settings": {"shape": "cube"}}, "settings.shape is 'cube', not one of 'disc', 'ball'"),
        ("take_piece", {"steps": 0.5}, "steps is 0.5, not a whole number"),
        ("take_piece", {"point": [0, True, 0]}, r"point\[1\] is True"),
        ("scribble", {"strokes": [{"points": []}]}, r"strokes\[0\] has no label"),
        ("lasso", {"only": "ground_glass"}, "only is 'ground_glass', not a list"),
    ],
)
def test_a_malformed_payload_is_refused_when_read_and_the_error_names_the_edit(
    canvas: Canvas, kind: str, changed: dict[str, Any], message: str
) -> None:
    edit = edit_of(canvas, kind, {**PAYLOADS[kind], **changed})
    with pytest.raises(MalformedEdit, match=rf"journal.jsonl: edit abc123 \({kind}\).*{message}"):
        require_well_formed([edit], where="journal.jsonl")
    assert replay(canvas.labels, [edit], handlers(canvas), image=canvas.volume.digest).refused


def test_a_missing_value_is_named(canvas: Canvas) -> None:
    with pytest.raises(MalformedEdit, match="payload has no by_mm"):
        read_payload("move_outline", {"label": "ground_glass"})


def test_what_a_newer_version_says_more_is_left_to_replay(canvas: Canvas) -> None:
    newer = edit_of(canvas, "remove_piece", {**PAYLOADS["remove_piece"], "pressure": 2})
    of_newer_kind = edit_of(canvas, "sculpt", {})
    assert require_well_formed([newer, of_newer_kind]) == (newer, of_newer_kind)
    ((_, reason),) = replay(base_of(canvas), [newer], handlers(canvas), image=canvas.volume.digest).refused
    assert "pressure" in reason
