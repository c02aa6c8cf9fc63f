"""The adapter of lungmask on the real package, with weights that stand in: networks that answer one class everywhere.

What a trained network draws is not tested here; that its labels become ours, that nothing is fetched, and that an
answer which cannot be lungs is refused, are.
"""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.models import STRUCTURES, find_segmenter, run_segmenter
from ctreview.progress import quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("lungmask", reason="lungmask is not installed")

SHAPE = (6, 64, 64)
OF_LUNGMASK = {
    "lungs": ("right_lung", "left_lung"),
    "lobes": ("left_upper_lobe", "left_lower_lobe", "right_upper_lobe", "right_middle_lobe", "right_lower_lobe"),
}
"""Labels 1, 2, … in lungmask's documentation."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    def refused(*_):
        raise AssertionError("the engine tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.fixture
def body() -> Volume:
    array = np.full(SHAPE, -1000, dtype=np.int16)
    array[:, 8:56, 8:56] = 40
    array[:, 20:44, 14:24] = array[:, 20:44, 40:50] = -850
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = 10.0, 5.0, 5.0, 1.0
    return Volume(array, Geometry(SHAPE, affine, "stand-in"))


def save_weights(structure: str, wanted: int) -> None:
    """Networks of the right shape whose last layer prefers one class wherever it looks."""
    from lungmask.mask import MODEL_URLS
    from lungmask.resunet import UNet

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    names = {"lungs": ("R231",), "lobes": ("LTRCLobes", "R231")}[structure]
    for name in names:
        url, classes = MODEL_URLS[name]
        network = UNet(n_classes=classes, padding=True, depth=5, up_mode="upsample", batch_norm=True, residual=False)
        state = network.state_dict()
        *_, weight, bias = state
        state[weight].zero_()
        state[bias].zero_()
        state[bias][min(wanted, classes - 1)] = 5.0
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(state, folder / Path(url).name)


def test_without_weights_it_is_not_ready_and_says_where_they_go(body):
    state = find_segmenter("lungmask").readiness("lobes")
    assert not state.ready
    assert "unet_ltrclobes" in state.missing
    assert str(torch.hub.get_dir()) in state.remedy
    with pytest.raises(WrongUse, match="cannot be run"):
        run_segmenter(find_segmenter("lungmask"), body, "lobes")


@pytest.mark.parametrize(
    ("structure", "wanted"), [("lungs", 1), ("lungs", 2), *(("lobes", value) for value in range(1, 6))]
)
def test_each_label_becomes_the_part_that_lungmask_means(body, structure, wanted):
    save_weights(structure, wanted)
    engine = find_segmenter("lungmask")
    assert engine.readiness(structure).ready
    answer = engine.segment(body, structure, quiet)
    assert answer.shape == body.array.shape
    parts = {STRUCTURES[structure][value - 1] for value in np.unique(answer[answer > 0])}
    assert parts == {OF_LUNGMASK[structure][wanted - 1]}


def test_an_answer_that_cannot_be_lungs_is_refused(body):
    save_weights("lungs", 1)
    with pytest.raises(SegmentationFailed, match="not believed"):
        run_segmenter(find_segmenter("lungmask"), body, "lungs")
