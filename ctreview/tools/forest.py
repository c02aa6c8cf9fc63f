"""A forest of random trees, laid out so that millions of voxels run through it in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.tools.local_density import Stack

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

__all__ = ["Forest", "train_forest"]


_BLOCK = 256
"""So many voxels go through the trees together."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees of equal depth whose children are found by counting: those of node n are 2 n + 1 and 2 n + 2.

    Attributes
    ----------
    classes : ndarray
        The labels it tells apart.
    feature : ndarray of uint32, shape (trees, 2^depth − 1)
        What each node asks.
    threshold : ndarray of float32, shape (trees, 2^depth − 1)
        Up to here the answer is the left child.
    shares : ndarray of float32, shape (trees, 2^depth, classes)
        The share of each class in each leaf.
    """

    classes: npt.NDArray[Any]
    feature: npt.NDArray[np.uint32]
    threshold: Stack
    shares: Stack

    def vote(self, values: Stack, *, enough: float | None = None) -> Stack:
        """The mean share of each class in the leaves that voxels (n, features) reach, shape (classes, n).

        Where the first half of the trees gives a class more than ``enough``, the others are not asked.
        """
        limit = np.float32(np.inf if enough is None else enough)
        return np.asarray(_vote(np.ascontiguousarray(values), self.feature, self.threshold, self.shares, limit))


def train_forest(
    examples: Stack, labels: npt.NDArray[Any], weights: npt.NDArray[Any], *, trees: int, depth: int, seed: int
) -> Forest:
    """Extremely randomised trees (Geurts et al., Mach Learn 2006, doi 10.1007/s10994-006-6226-1) from examples."""
    from sklearn import config_context  # noqa: PLC0415 - heavy, and only strokes need it
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415

    forest = ExtraTreesClassifier(trees, max_depth=depth, min_samples_leaf=3, random_state=seed, max_features=None)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # half of the time goes into checks
        return pad_to_full_depth(forest.fit(examples, labels, sample_weight=weights), depth)


def pad_to_full_depth(forest: ExtraTreesClassifier, depth: int) -> Forest:
    """Fill each tree up to its full depth: below a leaf everything goes left, to the leaf's own shares."""
    trees, inner = len(forest.estimators_), 2**depth - 1
    feature = np.zeros((trees, inner), np.uint32)
    threshold = np.full((trees, inner), np.inf, np.float32)
    shares = np.zeros((trees, inner + 1, len(forest.classes_)), np.float32)
    for number, estimator in enumerate(forest.estimators_):
        tree = estimator.tree_
        origin = np.zeros(2 * inner + 1, np.int64)
        for node in range(inner):
            at = origin[node]
            origin[[2 * node + 1, 2 * node + 2]] = at
            if tree.children_left[at] >= 0:
                feature[number, node] = tree.feature[at]
                threshold[number, node] = _rounded_down(tree.threshold[at])
                origin[[2 * node + 1, 2 * node + 2]] = tree.children_left[at], tree.children_right[at]
        leaves = tree.value[origin[inner:], 0, :]
        shares[number] = leaves / leaves.sum(axis=1, keepdims=True)
    return Forest(forest.classes_, feature, threshold, shares)


def _rounded_down(threshold: float) -> np.float32:
    """The largest single number that is not above, so that single values fall on the same side as in the library."""
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))


@compiled_in_parallel()
def _vote(values: Stack, feature: npt.NDArray[np.uint32], threshold: Stack, shares: Stack, enough: np.float32) -> Stack:
    count, width = values.shape
    trees, _, classes = shares.shape
    half = trees // 2
    out = np.zeros((classes, count), np.float32)
    for block in numba.prange((count + _BLOCK - 1) // _BLOCK):
        first, size = block * _BLOCK, min(_BLOCK, count - block * _BLOCK)
        rows = values[first : first + size].reshape(-1).copy()
        total = np.zeros((classes, size), np.float32)
        _add_votes(rows, feature[:half], threshold[:half], shares[:half], total)
        left = np.empty(size, np.uint32)
        unsure = 0
        for row in range(size):
            most = np.float32(0)
            for k in range(classes):
                most = max(most, total[k, row])
            if most > enough * half:
                for k in range(classes):
                    out[k, first + row] = total[k, row] / np.float32(half)
            else:
                rows[unsure * width : (unsure + 1) * width] = values[first + row]
                left[unsure] = row
                unsure += 1
        more = np.zeros((classes, unsure), np.float32)
        _add_votes(rows[: unsure * width], feature[half:], threshold[half:], shares[half:], more)
        for k in range(classes):
            for row in range(unsure):
                at = left[row]
                out[k, first + at] = (total[k, at] + more[k, row]) / np.float32(trees)
    return out


@compiled()
def _add_votes(rows: Stack, feature: npt.NDArray[np.uint32], threshold: Stack, shares: Stack, total: Stack) -> None:
    """Add what the leaves of some trees hold for each row."""
    node = np.zeros(total.shape[1], np.uint32)
    for tree in range(len(feature)):
        _descend(rows, feature[tree], threshold[tree], shares.shape[1], node)
        for k in range(len(total)):
            for row in range(len(node)):
                total[k, row] += shares[tree, node[row], k]


@compiled()
def _descend(
    rows: Stack, feature: npt.NDArray[np.uint32], threshold: Stack, leaves: int, node: npt.NDArray[np.uint32]
) -> None:
    """The leaf of each row: all go down level by level, which the compiler turns into vector instructions."""
    width = np.uint32(len(rows) // max(1, len(node)))
    node[:] = 0
    reached = 1
    while reached < leaves:
        for row in range(len(node)):
            at = node[row]
            right = rows[np.uint32(row) * width + feature[at]] > threshold[at]
            node[row] = np.uint32(2) * at + np.uint32(1) + np.uint32(right)
        reached *= 2
    for row in range(len(node)):
        node[row] -= np.uint32(leaves - 1)
