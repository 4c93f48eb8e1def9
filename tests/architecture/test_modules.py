"""Rules for modules that a reader would otherwise have to check by eye."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("ocrq", "stack", "tasks", "app", "worker")
MODULES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 300
MAX_IGNORED = 10  # type errors, where the types of other packages are wrong or missing
# Where a process begins, or makes the environment of one that it starts.
ENTRY_POINTS = re.compile(
    r"tasks/settings\.py|(app|worker)/__main__\.py|(ocrq/cli|stack)(/.*)?\.py|ocrq/client/configuration\.py|"
    r"worker/(main|runpod_handler)\.py"
)


def source_of(module: Path) -> str:
    return (ROOT / module).read_text(encoding="utf-8")


def environment_reads(source: str) -> Iterator[int]:
    """Lines that read or name the process's environment."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (node.lineno for alias in node.names if alias.name in {"environ", "getenv"})


def relative_imports(source: str) -> Iterator[int]:
    return (n.lineno for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom) and n.level)


def test_there_are_modules_to_look_at() -> None:
    assert {module.parts[0] for module in MODULES} == set(PACKAGES)


def test_a_module_is_short_enough_to_be_one_noun() -> None:
    lines = {str(module): len(source_of(module).splitlines()) for module in MODULES}
    assert not {module: n for module, n in lines.items() if n > MAX_LINES}, "which second noun hides in each?"


def test_a_module_says_what_it_is_for() -> None:
    assert not [str(m) for m in MODULES if source_of(m).strip() and not ast.get_docstring(ast.parse(source_of(m)))]


def test_imports_are_absolute() -> None:
    assert not {str(module): lines for module in MODULES if (lines := list(relative_imports(source_of(module))))}


def test_nothing_deep_reads_the_environment() -> None:
    deep = [module for module in MODULES if not ENTRY_POINTS.fullmatch(str(module))]
    reads = {str(module): lines for module in deep if (lines := list(environment_reads(source_of(module))))}
    assert not reads, "read it in tasks/settings.py and pass it down"


def test_few_type_errors_are_ignored() -> None:
    ignored = [str(module) for module in MODULES for line in source_of(module).splitlines() if "# type: ignore" in line]
    assert len(ignored) <= MAX_IGNORED, "give it a type, or a typed wrapper"


def test_the_probes_see_what_they_look_for() -> None:
    assert sorted(environment_reads("import os\nfrom os import getenv\nos.environ['A']\nos.getenv('B')\n")) == [2, 3, 4]
    assert list(relative_imports("from . import page\nfrom worker import page\n")) == [1]


def test_the_tree_in_contributing_is_the_tree_there_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^([a-z]+)/ ", text, re.MULTILINE))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    there = {line.partition("/")[0] for line in tracked.splitlines() if "/" in line and not line.startswith(".")}
    assert documented == there
