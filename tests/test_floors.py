"""The four packages are floors: an import goes only to a floor that the design allows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "staffing": {"staffing"},
    "forecasts": {"staffing", "forecasts"},
    "solver": {"staffing", "solver"},
    "scenarios": {"staffing", "forecasts", "solver", "scenarios"},
}
OURS = {*MAY_IMPORT, "tests", "benchmarks", "examples"}
SOURCES = sorted(
    path.relative_to(ROOT) for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")
)
# Libraries that take long to import: `staffing --help` must not wait for them.
HEAVY = {"numba", "ortools", "openpyxl", "holidays", "pandas"}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, *, module_level: bool = False) -> set[str]:
    """Dotted names that a file imports, relative ones made whole."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    nodes = _module_level(tree.body) if module_level else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.parts[: len(path.parts) - node.level] if node.level else ()
            base = ".".join((*package, *filter(None, [node.module])))
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def _module_level(body):
    """Statements that run on import: not in functions, not for type checkers only."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _module_level(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            for block in ("body", "orelse", "finalbody"):
                yield from _module_level(getattr(node, block, []))
            for handler in getattr(node, "handlers", []):
                yield from _module_level(handler.body)


def top(name: str) -> str:
    return name.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_package_imports_only_the_floors_below_it(path):
    found = {top(name) for name in imported(path)} & OURS
    assert found <= MAY_IMPORT[path.parts[0]]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_the_solver_imports_ortools(path):
    if path.parts[0] != "solver":
        assert "ortools" not in {top(name) for name in imported(path)}


def reached_on_import(start: str) -> dict[str, str]:
    """Every module that importing `start` runs, and who first asked for it."""
    files = {module_name(path): path for path in SOURCES}
    asked_by, waiting = {start: "the command line"}, [start]
    while waiting:
        module = waiting.pop()
        if module not in files:
            continue
        for name in sorted(imported(files[module], module_level=True)):
            parts = name.split(".")
            # Importing a module runs every package above it.
            for depth in range(1, len(parts) + 1):
                above = ".".join(parts[:depth])
                if above not in asked_by:
                    asked_by[above] = module
                    waiting.append(above)
    return asked_by


def test_the_command_starts_without_heavy_libraries():
    reached = reached_on_import("scenarios.cli")
    assert "typer" in reached
    slow = {name: by for name, by in reached.items() if top(name) in HEAVY and "." not in name}
    assert slow == {}


def test_the_walk_sees_relative_imports_and_what_hides_in_functions(tmp_path, monkeypatch):
    (tmp_path / "solver").mkdir()
    source = "from ..forecasts import predict\ndef f():\n    import ortools.sat\n"
    (tmp_path / "solver" / "bad.py").write_text(source)
    monkeypatch.setitem(imported.__globals__, "ROOT", tmp_path)
    path = Path("solver/bad.py")
    assert imported(path) == {"forecasts", "forecasts.predict", "ortools.sat"}
    assert imported(path, module_level=True) == {"forecasts", "forecasts.predict"}
