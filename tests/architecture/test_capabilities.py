"""Nothing asks an object by a string what it can do: engines declare it in their EngineInfo, others in a Protocol."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from worker.engines.info import EngineInfo
from worker.engines.protocols import Detector, LineReader, PageReader

ROOT = Path(__file__).parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for part in ("ocrq", "stack", "app", "tasks", "worker", "standalone.py")
    for path in ([ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*.py")))
}
CAPABILITIES = {field.name for field in dataclasses.fields(EngineInfo)} | {
    name for protocol in (Detector, LineReader, PageReader) for name in vars(protocol) if not name.startswith("_")
}
# Attributes of other packages' objects, which are there only in some releases, files or states.
FOREIGN = {
    "worker/process/recycling.py": {"_target", "max_memory_per_child"},  # of billiard's process and its loop
    "worker/models/devices.py": {"index", "cuda", "mem_get_info"},  # of billiard's process; of torch while it loads
    "worker/engines/trocr/engine.py": {"<settings.cpu_precision>"},  # a dtype of torch
    "worker/engines/trocr/checkpoint.py": {"model_type", "<name>"},  # of a checkpoint's configuration
    "worker/engines/trocr/network.py": {"enc_to_dec_proj", "<name>"},  # of transformers' modules
    "worker/engines/vlm/checkpoint.py": {"max_position_embeddings", "<class_name>"},  # of transformers
    "worker/imaging/colour.py": {"tag_v2"},  # of Pillow's TIFF images
    "worker/imaging/image_file.py": {"n_frames"},  # of Pillow's animations
}


def asked_by_string(source: str) -> Iterator[tuple[int, str]]:
    """The line and the attribute of each ``getattr``, ``hasattr`` and ``__getattr__``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"getattr", "hasattr"}:
            name = node.args[1]
            yield node.lineno, str(name.value) if isinstance(name, ast.Constant) else f"<{ast.unparse(name)}>"
        if isinstance(node, ast.FunctionDef) and node.name in {"__getattr__", "__getattribute__"}:
            yield node.lineno, node.name


def test_no_capability_is_asked_by_a_string() -> None:
    """In ``worker`` every attribute asked by a string has to be listed; elsewhere it must not be an engine's."""
    asked = [
        (module, line, name)
        for module, source in SOURCES.items()
        for line, name in asked_by_string(source)
        if name not in FOREIGN.get(module, set())
        and (module.startswith("worker/") or name in CAPABILITIES | {"__getattr__"})
    ]
    assert not asked, "declare it in EngineInfo or a Protocol; an attribute of another package is listed above"


def test_what_is_listed_is_still_asked() -> None:
    for module, names in FOREIGN.items():
        assert {name for _, name in asked_by_string(SOURCES[module])} >= names, module


def test_the_probe_sees_what_it_looks_for() -> None:
    source = "getattr(engine, 'text_only', False)\nhasattr(engine, name)\ndef __getattr__(self, name): ...\n"
    assert sorted(asked_by_string(source)) == [(1, "text_only"), (2, "<name>"), (3, "__getattr__")]
