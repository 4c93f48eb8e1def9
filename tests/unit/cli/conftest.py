"""The real API on a real port, in a thread, over a backend of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from werkzeug.serving import make_server

from app import create_app
from ocrq.cli import cli
from ocrq.client import Client, Retries
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, as_tiff
from tests.inline import reading
from tests.page_runner import PageRunner

QUICK = Retries(attempts=3, first_seconds=0.01, longest_seconds=0.05)


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture
def backend(runner: PageRunner) -> Iterator[JobService]:
    with reading(runner, Settings(model="fake"), threads=2) as service:
        yield service


@pytest.fixture
def server(backend: JobService) -> Iterator[str]:
    listening = make_server("127.0.0.1", 0, create_app(backend, Settings(model="fake")), threaded=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{listening.port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    with Client(server, retries=QUICK) as made:
        yield made


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.png"
    path.write_bytes(as_png(Image.new("RGB", (60, 40), "white")))
    return path


@pytest.fixture
def three_pages(tmp_path: Path) -> Path:
    path = tmp_path / "three.tiff"
    path.write_bytes(as_tiff([Image.new("RGB", (60, 40), "white") for _ in range(3)]))
    return path


@pytest.fixture
def command(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `ocrq …` against the server, in this process; errors come as they are raised."""
    monkeypatch.setenv("OCRQ_SERVER", server)
    monkeypatch.setenv("OCRQ_DATA_DIR", str(tmp_path / "nothing runs here"))

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, standalone_mode=False)

    return run
