"""Sweeps: one plan at many settings, each a whole run, neighbours starting from neighbours."""

from scenarios.sweep.points import Point, points_of
from scenarios.sweep.sweep import Sweep, sweep
from scenarios.sweep.vary import Vary, vary

__all__ = ["Point", "Sweep", "Vary", "points_of", "sweep", "vary"]
