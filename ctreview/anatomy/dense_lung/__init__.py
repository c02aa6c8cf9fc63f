"""Dense lung: tissue without air at the border of aerated lung that is lung, or that is offered as what it may be."""

from ctreview.anatomy.dense_lung.bulges import Hilum
from ctreview.anatomy.dense_lung.find import find_dense_lung
from ctreview.anatomy.dense_lung.piece import DenseLung, DensePiece

__all__ = ["DenseLung", "DensePiece", "Hilum", "find_dense_lung"]
