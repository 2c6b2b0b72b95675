"""Law files: sets of rules kept as data, with their sources."""

from __future__ import annotations

import tomllib
from pathlib import Path

from solver.problem import Mode, Rule
from solver.rules.catalogue import CATALOGUE

_FOLDER = Path(__file__).parent / "laws"
LAWS = ("none", *sorted(path.stem for path in _FOLDER.glob("*.toml")))

DEFAULT_RULES = tuple(
    Rule(kind.id, kind.value, kind.mode, price=kind.price)
    for kind in CATALOGUE.values()
    if kind.mode is Mode.PRICED
)
"""Rules in force unless a plan says otherwise: fairness and stability, at small prices."""


def law_rules(name: str) -> tuple[Rule, ...]:
    """Rules of a law file, for everybody.

    Parameters
    ----------
    name
        One of `LAWS`; `none` has no rules.

    Raises
    ------
    ValueError
        If there is no such file, or it names a rule that the catalogue does not know.
    """
    if name not in LAWS:
        msg = f"law is one of {', '.join(LAWS)}, got {name!r}"
        raise ValueError(msg)
    if name == "none":
        return ()
    path = _FOLDER / f"{name}.toml"
    rules = []
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
        if row["id"] not in CATALOGUE:
            msg = f"{path.name}: the catalogue has no rule {row['id']!r}"
            raise ValueError(msg)
        rules.append(Rule(row["id"], float(row["value"]), Mode(row.get("mode", "law"))))
    return tuple(rules)
