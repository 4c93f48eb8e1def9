"""A read that has to stop does: no handler between an engine and the edge may swallow it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for part in ("tasks", "worker") for path in (ROOT / part).rglob("*.py"))
STOPPED = {"JobCancelled", "TimeLimitExceeded"}  # reported by a stop: only the edges catch them
EDGES = {
    "tasks/stopping.py",
    "tasks/execution/inline.py",
    "worker/serverless/batching.py",
}


def handlers(source: str) -> Iterator[tuple[int, set[str], bool]]:
    """The line of each ``except``, the names it catches, and whether it ends by raising."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            caught = {"BaseException"} if node.type is None else {n.id for n in ast.walk(node.type) if _is_name(n)}
            yield node.lineno, caught, isinstance(node.body[-1], ast.Raise)


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def test_what_catches_everything_raises_it_again() -> None:
    caught = [
        (str(path.relative_to(ROOT)), line)
        for path in MODULES
        for line, names, raises in handlers(path.read_text(encoding="utf-8"))
        if "BaseException" in names and not raises
    ]
    assert not caught


def test_only_the_edges_catch_a_stop_or_what_it_reports() -> None:
    caught = [
        (module, line)
        for path in MODULES
        if (module := str(path.relative_to(ROOT))) not in EDGES
        for line, names, _ in handlers(path.read_text(encoding="utf-8"))
        if names & {"ReadStopped", *STOPPED}
    ]
    assert not caught


def test_the_probe_sees_what_it_looks_for() -> None:
    source = "try: ...\nexcept (JobCancelled, KeyError): raise\nexcept: pass\n"
    assert list(handlers(source)) == [(2, {"JobCancelled", "KeyError"}, True), (3, {"BaseException"}, False)]
