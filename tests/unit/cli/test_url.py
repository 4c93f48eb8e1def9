from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ocrq.errors import ServiceError


def test_the_urls_of_the_stack_that_runs_are_printed(
    command: Callable[..., Result], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "url").write_text("redis://:secret@127.0.0.1:7000/0")
    (tmp_path / "server").write_text(server)
    assert command("url", "--data-dir", tmp_path).stdout == "redis://:secret@127.0.0.1:7000/0\n"
    assert command("url", "--api", "--data-dir", tmp_path).stdout == f"{server}\n"


def test_where_none_runs_it_says_what_to_do(command: Callable[..., Result], tmp_path: Path) -> None:
    result = command("url", "--data-dir", tmp_path)
    assert isinstance(result.exception, ServiceError) and "start one" in result.exception.detail
