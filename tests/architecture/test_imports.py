"""The house has no circle: neither between rooms nor between the modules inside."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {"failwell": ROOT / "src", "meetings": ROOT / "meetings" / "src"}


def _modules(package: str) -> dict[str, Path]:
    found = {}
    for path in (SOURCES[package] / package).rglob("*.py"):
        parts = path.relative_to(SOURCES[package]).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def _imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules of ours that `path` imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return found & known.keys()


@pytest.mark.parametrize("package", SOURCES)
def test_no_module_imports_itself_through_others(package: str) -> None:
    """Sorting all modules by their imports succeeds only where there is no circle."""
    modules = _modules(package)
    graph = {name: _imports(path, modules) - {name} for name, path in modules.items()}

    order = list(TopologicalSorter(graph).static_order())

    assert sorted(order) == sorted(modules)


@pytest.mark.parametrize("package", SOURCES)
def test_nothing_inside_imports_the_root(package: str) -> None:
    """Circles of the models all pass through the package's own root; ours cannot."""
    modules = _modules(package)
    entry_points = {package, f"{package}.__main__"}

    guilty = [
        name
        for name, path in modules.items()
        if name not in entry_points and package in _imports(path, modules)
    ]

    assert guilty == []
