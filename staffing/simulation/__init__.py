"""Event simulation of a roster: scene, engine, replay of real contacts, service."""

from staffing.simulation.engine import INTERRUPTIBLE_ABOVE_S, SimulationResult, simulate
from staffing.simulation.replay import replay
from staffing.simulation.scene import Batch, LaterPromise, Scene
from staffing.simulation.service import (
    interval_service,
    occupancy,
    replication_service,
    service_by_period,
    service_table,
)

__all__ = [
    "INTERRUPTIBLE_ABOVE_S",
    "Batch",
    "LaterPromise",
    "Scene",
    "SimulationResult",
    "interval_service",
    "occupancy",
    "replay",
    "replication_service",
    "service_by_period",
    "service_table",
    "simulate",
]
