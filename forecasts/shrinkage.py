"""Means of cells with few contacts, drawn to what is known of their neighbours."""

from __future__ import annotations

import numpy as np


def shrink_cells(
    cell_sum: np.ndarray, cell_weight: np.ndarray, centre: np.ndarray, noise_per_unit: float
) -> np.ndarray:
    """Cell means drawn to `centre` by the ratio of noise to noise and true spread.

    Empirical Bayes (Efron and Morris 1975); the true spread by the method of moments
    (DerSimonian and Laird 1986): what exceeds noise, weighted.

    Parameters
    ----------
    cell_sum, cell_weight
        What was summed in each cell, and over how much (contacts, seconds); any shape.
    centre
        What a cell without any weight takes, same shape.
    noise_per_unit
        Variance of a mean over one unit of weight.
    """
    some = cell_weight > 0
    mean = np.where(some, cell_sum / np.where(some, cell_weight, 1.0), centre)
    noise = noise_per_unit / np.where(some, cell_weight, np.inf)
    spread = float((cell_weight * (mean - centre) ** 2).sum() - noise_per_unit * some.sum())
    between = max(spread / max(float(cell_weight.sum()), 1e-12), 0.0)
    keep = np.where(some, between / (between + np.where(some, noise, 1.0) + 1e-12), 0.0)
    return centre + keep * (mean - centre)
