"""Every field that a caller may send, and every setting that an operator may set, is read somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from ocrq.contracts import DecodingOptions, ReadRequest
from tasks.settings import Settings
from worker.serverless.settings import ServerlessSettings

ROOT = Path(__file__).parents[2]
SERVER = [
    ROOT / "standalone.py",
    *(path for part in ("app", "tasks", "worker") for path in (ROOT / part).rglob("*.py")),
]
ENGINES = list((ROOT / "worker" / "engines").rglob("*.py"))
WITHOUT_EFFECT = {"extraction_type"}  # and documented so


def read_in(modules: Iterable[Path], texts: bool = False) -> set[str]:
    """Names that are read as attributes; with ``texts`` as strings, too."""
    nodes = [node for module in modules for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return names | strings if texts else names


def test_every_field_of_a_request_is_read_or_documented_as_without_effect() -> None:
    assert set(ReadRequest.model_fields) - read_in(SERVER) == WITHOUT_EFFECT
    for name in WITHOUT_EFFECT:
        assert "without effect" in (ReadRequest.model_fields[name].description or "")


def test_every_decoding_option_is_known_to_an_engine() -> None:
    assert not set(DecodingOptions.model_fields) - read_in(ENGINES, texts=True)


def test_every_setting_is_read() -> None:
    assert not {*Settings.model_fields, *ServerlessSettings.model_fields} - read_in(SERVER)
