"""Random numbers that depend on what they are for, never on the order in which they are asked for.

Two rosters simulated with the same seed meet the same contacts with the same handle times and the
same patience (common random numbers), so that their difference is the rosters' own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def stream(seed: int, replication: int, queue: int, purpose: int) -> np.random.Generator:
    """Independent generator of one purpose of one queue in one replication."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, queue, purpose))
    return np.random.Generator(np.random.Philox(sequence))


def replication_key(seed: int, replication: int) -> np.uint64:
    """Key of one replication for `hashed_uniform`."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replication,))
    return np.uint64(sequence.generate_state(1, np.uint64)[0])


# The kernel compiles this in, and numba's cache looks at the kernel's file only: whoever changes it
# must touch that file too.
def hashed_uniform(key: Any, first: Any, second: Any, purpose: Any) -> Any:
    """Uniform number in [0, 1) of a key and three counters, all unsigned 64-bit.

    Serves arrays as it stands and scalars when compiled. The finaliser is that of SplitMix64
    (Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators), applied once per
    counter.
    """
    x = key
    for counter in (first, second, purpose):
        x = (x ^ counter) + _GOLDEN
        x = (x ^ (x >> _S30)) * _MIX_1
        x = (x ^ (x >> _S27)) * _MIX_2
        x = x ^ (x >> _S31)
    return (x >> _S11) * (1.0 / 9007199254740992.0)
