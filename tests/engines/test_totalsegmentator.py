"""The adapter of TotalSegmentator on the real package, with networks that stand in: bright is one lobe.

Two tiny nnU-Nets whose weights hand the brightness through take the place of the trained ones, so that where the
answer lies, what it is called, and that nothing is fetched or reported, can be tested.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.models import STRUCTURES, find_segmenter, run_segmenter
from ctreview.progress import quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("totalsegmentator", reason="TotalSegmentator is not installed")

SHAPE = (24, 28, 32)
BRIGHT = (slice(14, 20), slice(4, 12), slice(20, 28))
NETWORKS = {291: ("nnUNetTrainerNoMirroring", 1.5), 298: ("nnUNetTrainer_4000epochs_NoMirroring", 6.0)}


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    def refused(*_):
        raise AssertionError("the engine tried to reach the network")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path))


@pytest.fixture
def body() -> Volume:
    array = np.full(SHAPE, -1000, dtype=np.int16)
    array[BRIGHT] = 300
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = 6.0
    affine[3, 3] = 1.0
    return Volume(array, Geometry(SHAPE, affine, "stand-in"))


def save_weights(home: Path, lobe: str) -> None:
    """Networks of the right shape that call what is bright by the name of one lobe."""
    from totalsegmentator.map_tasks_config import TASK_ID_WEIGHTS_CONFIGS
    from totalsegmentator.map_to_binary import class_map, class_map_5_parts

    classes = {291: class_map_5_parts["class_map_part_organs"], 298: class_map["total"]}
    for network, (trainer, spacing) in NETWORKS.items():
        folder = home / "nnunet/results" / TASK_ID_WEIGHTS_CONFIGS[network]["foldername"]
        folder /= f"{trainer}__nnUNetPlans__3d_fullres"
        (folder / "fold_0").mkdir(parents=True)
        names = {"background": 0, **{name: value for value, name in classes[network].items()}}
        kept = {"channel_names": {"0": "CT"}, "labels": names, "numTraining": 1, "file_ending": ".nii.gz"}
        (folder / "dataset.json").write_text(json.dumps(kept))
        (folder / "plans.json").write_text(json.dumps(plans(folder.parent.name, spacing)))
        checkpoint = {
            "trainer_name": "nnUNetTrainerNoMirroring",
            "init_args": {"configuration": "3d_fullres"},
            "network_weights": weights(names[lobe], len(names)),
            "inference_allowed_mirroring_axes": None,
        }
        torch.save(checkpoint, folder / "fold_0" / "checkpoint_final.pth")


ARCHITECTURE = {
    "n_stages": 2,
    "features_per_stage": [1, 1],
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "kernel_sizes": [[1, 1, 1], [1, 1, 1]],
    "strides": [[1, 1, 1], [1, 1, 1]],
    "n_conv_per_stage": [1, 1],
    "n_conv_per_stage_decoder": [1],
    "conv_bias": True,
    "norm_op": None,
    "norm_op_kwargs": {},
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": "torch.nn.LeakyReLU",
    "nonlin_kwargs": {"inplace": True},
}
NAMED = ["conv_op", "norm_op", "dropout_op", "nonlin"]


def weights(wanted: int, classes: int) -> dict:
    """Hand brightness through to the logit of one class; background holds where it is dark."""
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    network = get_network_from_plans(
        "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        ARCHITECTURE,
        NAMED,
        1,
        classes,
        deep_supervision=False,
    )
    state = network.state_dict()
    for name, value in state.items():
        value.fill_(1.0 if name.endswith("weight") else 0.0)
        if "seg_layers" in name:
            value.fill_(0.0 if name.endswith("weight") else -100.0)
            value[wanted] = 1.0 if name.endswith("weight") else 0.0
            if name.endswith("bias"):
                value[0] = 0.0
    return state


def plans(dataset: str, spacing: float) -> dict:
    resampling = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
    configuration = {
        "data_identifier": "nnUNetPlans_3d_fullres",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 1,
        "patch_size": [32, 32, 32],
        "median_image_size_in_voxels": [32.0, 32.0, 32.0],
        "spacing": [spacing] * 3,
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": resampling,
        "resampling_fn_seg_kwargs": {**resampling, "is_seg": True},
        "resampling_fn_probabilities_kwargs": resampling,
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": ARCHITECTURE,
            "_kw_requires_import": NAMED,
        },
        "batch_dice": False,
    }
    # brightness is positive above 0 HU
    density = {"mean": 0.0, "std": 100.0, "percentile_00_5": -1000.0, "percentile_99_5": 1000.0}
    return {
        "dataset_name": dataset,
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [spacing] * 3,
        "original_median_shape_after_transp": [32, 32, 32],
        "image_reader_writer": "NibabelIOWithReorient",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"3d_fullres": configuration},
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": density},
    }


def test_without_weights_it_is_not_ready_and_is_not_run(body):
    state = find_segmenter("totalsegmentator").readiness("lobes")
    assert not state.ready
    assert "Dataset291" in state.missing
    with pytest.raises(WrongUse, match="cannot be run"):
        run_segmenter(find_segmenter("totalsegmentator"), body, "lobes")


@pytest.mark.parametrize(
    ("theirs", "ours"), [("lung_middle_lobe_right", "right_middle_lobe"), ("lung_lower_lobe_left", "left_lower_lobe")]
)
def test_the_answer_lies_where_it_was_seen_and_has_our_name(body, tmp_path, theirs, ours):
    save_weights(tmp_path, theirs)
    engine = find_segmenter("totalsegmentator")
    assert engine.readiness("lobes").ready
    answer = engine.segment(body, "lobes", quiet)
    wanted = np.zeros(SHAPE, dtype=bool)
    wanted[BRIGHT] = True
    assert {STRUCTURES["lobes"][value - 1] for value in np.unique(answer[answer > 0])} == {ours}
    overlap = 2 * np.count_nonzero(wanted & (answer > 0)) / (wanted.sum() + np.count_nonzero(answer))
    assert overlap > 0.8
