"""Where checkpoints come from, with a hub that counts what it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from worker.models.hub import checkpoint, is_complete, weights_bytes

ROOT = Path(__file__).parents[3]
ASK = """
import json, sys
from ocrq.errors import OcrqError
from tasks.catalogue import Catalogue
from tasks.settings import Settings
from worker.models.registry import Registry
settings = Settings()
registry = Registry(settings, Catalogue.from_settings(settings), None)
told = {}
for name in sys.argv[1:]:
    try:
        with registry.using(name) as use:
            told[name] = use.engine.info.name
    except OcrqError as error:
        told[name] = [error.code, error.status, error.detail]
print(json.dumps(told))
"""


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    """A hub without any model: its URL, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_only_models_that_are_listed_and_may_be_fetched_are_asked_for(
    hub: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, asked = hub
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OCRQ_", "HF_"))},
        "HF_ENDPOINT": url,
        "HF_HOME": str(tmp_path),
        "OCRQ_MODEL": "fake",
        "OCRQ_MODELS": "listed/trocr,listed/unfetched",
        "OCRQ_FETCH_MODELS": "listed/trocr",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK, "evil/trocr", "listed/unfetched", "listed/trocr", "listed/trocr"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["evil/trocr"][:2] == ["model_not_allowed", 422]
    assert seen["listed/unfetched"][0] == "model_unavailable"
    assert seen["listed/trocr"][0] == "model_unavailable"
    assert "has no listed/trocr" in seen["listed/trocr"][2]
    wanted = [path for path in asked if "trocr" in path or "unfetched" in path]
    # The one model alone, and that in one go: the second time it is refused at once.
    assert wanted == ["/api/models/listed/trocr", "/api/models/listed/trocr/revision/main"]


def test_a_local_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert checkpoint(str(tmp_path)) == tmp_path


def test_a_checkpoint_is_whole_when_every_shard_is_there(tmp_path: Path) -> None:
    assert not is_complete(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    assert not is_complete(tmp_path)
    weight_map = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (tmp_path / "model-1.safetensors").write_bytes(b"12345")
    assert not is_complete(tmp_path)
    (tmp_path / "model-2.safetensors").write_bytes(b"123")
    assert is_complete(tmp_path)
    assert weights_bytes(tmp_path) == 8
