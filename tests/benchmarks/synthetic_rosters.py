"""Synthetic rosters in the public text format, of any size. Every name and number is made up."""

import sys
from pathlib import Path

import numpy as np

LENGTHS = (480, 480, 480, 600, 720)


def synthetic(people: int, weeks: int, shifts: int, seed: int = 0) -> str:
    """Text of an instance whose staff can about meet its cover."""
    rng = np.random.default_rng(seed)
    days = 7 * weeks
    names = [f"s{k}" for k in range(shifts)]
    minutes = [LENGTHS[k % len(LENGTHS)] if shifts > 4 else 480 for k in range(shifts)]
    blocks = max(1, shifts // 3)
    lines = ["SECTION_HORIZON", str(days), "", "SECTION_SHIFTS"]
    for k, name in enumerate(names):
        # A late shift is not followed by one of an earlier part of the day.
        earlier = [names[j] for j in range(shifts) if j // blocks < k // blocks]
        lines.append(f"{name},{minutes[k]},{'|'.join(earlier)}")
    lines += ["", "SECTION_STAFF"]
    off, requests_on, requests_off = [], [], []
    for p in range(people):
        able = rng.random(shifts) < 0.75
        able[rng.integers(shifts)] = True
        share = float(rng.choice([1.0, 1.0, 0.6]))
        limits = [str(days if able[k] else 0) for k in range(shifts)]
        if able[-1] and shifts > 3:
            limits[-1] = str(weeks)
        text = "|".join(f"{n}={m}" for n, m in zip(names, limits, strict=True))
        most = int(share * 2160 * weeks) // 60 * 60
        lines.append(f"P{p},{text},{most},{most - 360 * max(1, weeks // 2)},5,2,2,{weeks // 2}")
        free = np.sort(rng.choice(days, max(1, weeks // 3), replace=False))
        off.append(f"P{p}," + ",".join(map(str, free)))
        for _ in range(2 * weeks):
            day, shift, weight = rng.integers(days), rng.integers(shifts), rng.integers(1, 4)
            (requests_on if rng.random() < 0.5 else requests_off).append(
                f"P{p},{day},{names[shift]},{weight}"
            )
    lines += ["", "SECTION_DAYS_OFF", *off]
    lines += ["", "SECTION_SHIFT_ON_REQUESTS", *requests_on]
    lines += ["", "SECTION_SHIFT_OFF_REQUESTS", *requests_off, "", "SECTION_COVER"]
    for day in range(days):
        wanted = people * 0.55 * (0.8 if day % 7 > 4 else 1.0)
        split = rng.multinomial(round(wanted), np.full(shifts, 1 / shifts))
        lines += [f"{day},{name},{n},100,1" for name, n in zip(names, split, strict=True)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[2:]]
    Path(sys.argv[1]).write_text(synthetic(*numbers), encoding="utf-8")
