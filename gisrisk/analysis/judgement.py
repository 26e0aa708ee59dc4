"""When a measured distance breaks, meets, or cannot yet be held against a required one."""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Status(enum.IntEnum):
    """Outcome of one rule for one pair, ordered by weight: the larger outweighs the smaller."""

    MEETS = 0
    UNDETERMINED = 1
    NEEDS_SURVEY = 2
    VIOLATION = 3

    @property
    def text(self) -> str:
        """The word of the contract."""
        return self.name.lower()


def judge(
    measured_m: ArrayLike,
    low_m: ArrayLike,
    high_m: ArrayLike,
    *,
    certain: ArrayLike,
    allowance_m: ArrayLike = 0.0,
    uncertainty_m: ArrayLike = 0.0,
    unsized_m: ArrayLike = 0.0,
) -> NDArray[np.int8]:
    """Status of each pair under one rule row; all arguments broadcast together.

    Parameters
    ----------
    measured_m : array_like of float
        Edge-to-edge distance between the measuring points as drawn [m], >= 0.
    low_m, high_m : array_like of float
        The required distance lies between them whatever is missing [m]; equal where the figure is known.
        "Not less than": equal complies.
    certain : array_like of bool
        Whether the rule is known to apply. False: a missing field decides, so at best the pair is undetermined.
    allowance_m : array_like of float
        Subtracted from the measurement because a coarser geometry stands in that may measure too long [m].
    uncertainty_m : array_like of float
        Positional uncertainty of both features together [m]; within it the pair needs a survey.
    unsized_m : array_like of float
        How much nearer the true edge may lie where only a bare point is on record [m]; within it, needs a survey.

    Returns
    -------
    ndarray of int8
        Values of `Status`. A pair farther apart than everything unknown could demand MEETS even if `certain` is False:
        what cannot change the outcome does not make it undetermined.
    """
    effective = np.asarray(measured_m, dtype=np.float64) - np.asarray(allowance_m, dtype=np.float64)
    low, high = np.asarray(low_m, dtype=np.float64), np.asarray(high_m, dtype=np.float64)
    slack = np.asarray(uncertainty_m, dtype=np.float64)
    known_rule, known_figure = np.asarray(certain, dtype=bool), (low == high) & ~np.isnan(effective + slack)
    # Comparisons with NaN are false, so what is not a number neither meets nor breaks: it stays undetermined.
    meets = effective >= high + slack + np.asarray(unsized_m, dtype=np.float64)
    breaks = known_rule & (effective < low - slack)
    doubtful = np.where(known_rule & known_figure, Status.NEEDS_SURVEY, Status.UNDETERMINED)
    return np.where(meets, Status.MEETS, np.where(breaks, Status.VIOLATION, doubtful)).astype(np.int8)
