"""The handler's parts: results that are too large, images by URL, progress, the model cache, the GPU's state."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr, ValidationError

from ocrq.errors import InvalidImage, OcrqError, ReadFailed, ServiceError, TooLarge
from tasks.documents.download import Downloader, within
from tasks.outbound.hosts import AllowList
from tasks.settings import Settings
from tests.documents import as_png, text_page
from tests.flag import first_page
from worker.serverless import cuda
from worker.serverless.fitness import check_gpu, check_reading, plain_page
from worker.serverless.handler import Handler
from worker.serverless.progress import Progress
from worker.serverless.results import Results
from worker.serverless.settings import ServerlessSettings
from worker.serverless.volume import model_cache

DOCUMENT = as_png(text_page(["x"], size=(60, 40)))
LARGE = {"text": "x" * 5000}


class Site(BaseHTTPRequestHandler):
    """Hands documents out, and takes results."""

    taken: dict[str, tuple[dict[str, str], bytes]]

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/scan.png")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = DOCUMENT if self.path.startswith("/scan.png") else b""
        self.send_response(200 if body else 404)
        if not self.path.endswith("untold"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.path.startswith("/full")
        if not refused:
            self.taken[self.path] = (dict(self.headers), body)
        self.send_response(507 if refused else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, dict[str, tuple[dict[str, str], bytes]]]]:
    taken: dict[str, tuple[dict[str, str], bytes]] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Kept", (Site,), {"taken": taken}))
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port, taken
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def site(authority: trustme.CA) -> Iterator[int]:
    """Over TLS, as files.example; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.example", "127.0.0.1").configure_cert(context)
    with serving(context) as (port, _):
        yield port


@pytest.fixture
def downloader(authority: trustme.CA, site: int) -> Callable[..., Downloader]:
    def make(*hosts: str, at: str = "127.0.0.1", max_bytes: int = 1_000_000) -> Downloader:
        trust = ssl.create_default_context()
        authority.configure_trust(trust)

        async def resolve(host: str, port: int) -> Sequence[str]:
            return [at]

        return Downloader(AllowList.parse(hosts), max_bytes, 5, resolve, trust)

    return make


def fetched(downloader: Downloader, url: str) -> bytes:
    return asyncio.run(downloader.fetch(url))


def delivered(settings: ServerlessSettings, result: dict[str, Any], job_id: str = "job-1") -> dict[str, Any]:
    return asyncio.run(Results(settings).deliver(job_id, result))


def test_a_document_is_fetched_from_a_host_of_the_list(downloader: Callable[..., Downloader], site: int) -> None:
    url = f"https://127.0.0.1:{site}/scan.png?signature=abc"
    assert fetched(downloader(f"https://127.0.0.1:{site}"), url) == DOCUMENT


def test_a_fetched_document_is_read(
    downloader: Callable[..., Downloader], site: int, make_handler: Callable[..., Handler]
) -> None:
    handler = make_handler(fetch=partial(fetched, downloader(f"https://127.0.0.1:{site}")))
    answer = asyncio.run(handler.answer({"id": "job", "input": {"image": f"https://127.0.0.1:{site}/scan.png"}}))
    assert answer["pages"][0]["width"] == 60


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://other.example/scan.png", "OCRQ_IMAGE_HOSTS"),
        ("http://files.example/scan.png", "https"),
        ("https://user:secret@files.example/scan.png", "OCRQ_IMAGE_HOSTS"),
        ("https://files.example.evil.example/scan.png", "OCRQ_IMAGE_HOSTS"),
    ],
)
def test_no_other_host_is_asked(downloader: Callable[..., Downloader], url: str, says: str) -> None:
    with pytest.raises(InvalidImage, match=says):
        fetched(downloader("files.example"), url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "100.64.0.1"])
def test_a_listed_name_that_leads_inside_is_not_followed(downloader: Callable[..., Downloader], address: str) -> None:
    with pytest.raises(InvalidImage, match="not a public address"):
        fetched(downloader("files.example", at=address), "https://files.example/scan.png")


def test_redirects_are_not_followed(downloader: Callable[..., Downloader], site: int) -> None:
    with pytest.raises(InvalidImage, match="answered 302"):
        fetched(downloader(f"https://127.0.0.1:{site}"), f"https://127.0.0.1:{site}/moved")


@pytest.mark.parametrize("path", ["/scan.png", "/scan.png/untold"])
def test_more_than_is_taken_is_not_fetched(downloader: Callable[..., Downloader], site: int, path: str) -> None:
    host = f"https://127.0.0.1:{site}"
    with pytest.raises(TooLarge):
        fetched(downloader(host, max_bytes=len(DOCUMENT) - 1), host + path)


def test_a_certificate_of_another_name_is_refused(downloader: Callable[..., Downloader], authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with serving(context) as (port, _), pytest.raises(InvalidImage, match="cannot be reached"):
        fetched(downloader(f"https://127.0.0.1:{port}"), f"https://127.0.0.1:{port}/scan.png")


def test_a_host_that_is_not_there_is_reported(downloader: Callable[..., Downloader], site: int) -> None:
    with pytest.raises(InvalidImage, match="answered 404"):
        fetched(downloader(f"https://127.0.0.1:{site}"), f"https://127.0.0.1:{site}/nothing")


def test_of_one_request_no_image_is_fetched_after_its_time() -> None:
    fetch = within(lambda url: b"document", seconds=-1)
    assert fetch is not None
    with pytest.raises(InvalidImage, match="fewer URLs"):
        fetch("https://files.example/scan.png")
    assert within(None, 1) is None


def test_a_result_that_fits_is_the_answer() -> None:
    assert delivered(ServerlessSettings(), LARGE) == LARGE


@pytest.mark.parametrize(("job_id", "limit"), [("sync-1", 20_000_000), ("1-u1", 10_000_000)])
def test_the_limit_is_the_platforms_for_the_way_the_job_came(job_id: str, limit: int) -> None:
    delivered(ServerlessSettings(), {"text": "x" * (limit - 100)}, job_id)
    with pytest.raises(TooLarge) as raised:
        delivered(ServerlessSettings(), {"text": "x" * limit}, job_id)
    assert raised.value.extra["max_bytes"] == limit


def test_size_is_counted_in_bytes_and_not_in_characters() -> None:
    with pytest.raises(TooLarge):
        delivered(ServerlessSettings(result_bytes=1000), {"text": "世" * 400})


def test_a_result_that_is_too_large_goes_to_the_operators_url() -> None:
    with serving() as (port, taken):
        settings = ServerlessSettings(
            result_bytes=1000,
            result_url=f"http://127.0.0.1:{port}/results/{{id}}.json",
            result_token=SecretStr("let-me-in"),
        )
        answer = delivered(settings, LARGE, "job/1")
    headers, body = taken["/results/job%2F1.json"]
    assert answer == {"result_url": f"http://127.0.0.1:{port}/results/job%2F1.json", "result_bytes": len(body)}
    assert json.loads(body) == LARGE
    assert headers["Authorization"] == "Bearer let-me-in"


def test_a_result_that_is_too_large_goes_to_the_operators_bucket() -> None:
    with serving() as (port, taken):
        settings = ServerlessSettings(
            result_bytes=1000,
            bucket_name="results",
            BUCKET_ENDPOINT_URL=f"http://127.0.0.1:{port}",
            BUCKET_ACCESS_KEY_ID="key",
            BUCKET_SECRET_ACCESS_KEY="secret",
        )
        answer = delivered(settings, LARGE)
    (path,) = taken
    assert path.startswith("/results/ocrq/job-1.json")
    assert answer["result_url"].startswith(f"http://127.0.0.1:{port}/results/ocrq/job-1.json?")
    assert b"x" * 5000 in taken[path][1]


def test_half_a_bucket_is_none() -> None:
    """The SDK would write the result to the worker's disk, where nobody finds it."""
    settings = ServerlessSettings(result_bytes=1000, BUCKET_ENDPOINT_URL="https://s3.example")
    with pytest.raises(TooLarge):
        delivered(settings, LARGE)


def test_a_place_that_does_not_take_the_result_is_reported() -> None:
    with serving() as (port, _):
        settings = ServerlessSettings(result_bytes=1000, result_url=f"http://127.0.0.1:{port}/full/{{id}}")
        with pytest.raises(ServiceError, match="did not take it"):
            delivered(settings, LARGE)


def test_half_characters_do_not_keep_a_result_from_being_sent() -> None:
    answer = delivered(ServerlessSettings(), {"fields": {"\ud800": "x"}})
    assert json.dumps(answer, ensure_ascii=False).encode()


@pytest.mark.parametrize("wrong", [{"result_url": "https://a.example/same"}, {"jobs_at_once": 1000}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ServerlessSettings(**wrong)
    with pytest.raises(ValidationError, match="https"):
        Settings(image_hosts="http://a.example")


async def _updates(seconds: float, words: int, slow: float = 0.0) -> tuple[list[int], bool]:
    """What was told of that many words, and whether any was told after the end."""
    updates: list[int] = []
    ended = late = False

    async def tell(word: dict[str, Any]) -> None:
        nonlocal late
        await asyncio.sleep(slow)
        late = late or ended
        updates.append(word["done"])

    async with Progress(tell, "page", seconds) as progress:
        for number in range(words):
            progress.note(number, words)
            await asyncio.sleep(0.005)
    ended = True
    await asyncio.sleep(0.05)
    return updates, late


def test_progress_is_throttled_to_the_latest_word() -> None:
    updates, _ = asyncio.run(_updates(seconds=0.05, words=40))
    assert 1 <= len(updates) < 20
    assert updates == sorted(set(updates))


def test_a_word_on_its_way_arrives_before_the_end() -> None:
    updates, late = asyncio.run(_updates(seconds=0.01, words=10, slow=0.2))
    assert updates
    assert not late


def test_of_a_job_that_ends_at_once_nothing_is_reported() -> None:
    assert asyncio.run(_updates(seconds=60, words=3)) == ([], False)


def test_progress_that_cannot_be_reported_costs_nothing_else() -> None:
    async def broken() -> str:
        async def tell(word: dict[str, Any]) -> None:
            raise TimeoutError

        async with Progress(tell, "page", 0) as progress:
            for number in range(3):
                progress.note(number, 3)
                await asyncio.sleep(0.01)
        return "ended"

    assert asyncio.run(broken()) == "ended"


def test_models_are_kept_on_the_volume_where_there_is_one(tmp_path: Path) -> None:
    assert model_cache(tmp_path, {}) == tmp_path / "huggingface-cache"
    assert model_cache(tmp_path, {"HF_HOME": "/models"}) == tmp_path / "huggingface-cache"


def test_a_cache_the_operator_chose_stays(tmp_path: Path) -> None:
    assert model_cache(tmp_path, {"HF_HOME": "/elsewhere"}) is None


def test_models_that_came_with_the_image_stay(tmp_path: Path) -> None:
    (tmp_path / "image" / "hub").mkdir(parents=True)
    assert model_cache(tmp_path, {}, tmp_path / "image") is None


def test_without_a_volume_the_cache_stays(tmp_path: Path) -> None:
    assert model_cache(tmp_path / "nothing", {}) is None


def test_a_worker_reads_a_page_before_it_takes_jobs(make_handler: Callable[..., Handler], runner: Any) -> None:
    check_reading()
    assert runner.reads == [(1,)]
    runner.fail = RuntimeError("the model is broken")
    with pytest.raises(RuntimeError):
        check_reading()


def test_a_page_that_the_model_reads_nothing_off_is_no_reason_to_go(
    make_handler: Callable[..., Handler], runner: Any
) -> None:
    runner.fail = ReadFailed("the model only wrote one piece over and over")
    check_reading()


def test_the_page_that_is_tried_is_a_document() -> None:
    page = first_page(plain_page())
    assert (page.width, page.height) == (640, 200)
    assert page.pixels.min() < 50


class Torch(types.ModuleType):
    """What is asked of torch, on a machine with one GPU in some state."""

    class OutOfMemoryError(RuntimeError):
        pass

    def __init__(self, failure: Exception | None, available: bool = True) -> None:
        super().__init__("torch")
        self.cuda = types.SimpleNamespace(
            is_initialized=lambda: True, is_available=lambda: available, device_count=lambda: 1, synchronize=self.fail
        )
        self.failure = failure

    def fail(self, device: int) -> None:
        if self.failure:
            raise self.failure

    def ones(self, *_: Any, **__: Any) -> Any:
        one = types.SimpleNamespace(item=lambda: 2.0)
        return types.SimpleNamespace(add_=lambda _: one)


@pytest.mark.parametrize(
    ("failure", "poisoned"),
    [
        (None, False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        (Torch.OutOfMemoryError("CUDA out of memory"), False),
    ],
)
def test_a_dead_gpu_is_known_by_its_answer(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None, poisoned: bool
) -> None:
    monkeypatch.setitem(sys.modules, "torch", Torch(failure))
    assert cuda.has_lost_its_gpu() is poisoned


def test_without_torch_no_gpu_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert cuda.has_lost_its_gpu() is False
    check_gpu()


def test_a_worker_for_gpus_without_one_is_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", Torch(None, available=False))
    with pytest.raises(RuntimeError, match="no GPU"):
        check_gpu()


def test_errors_of_downloads_name_the_field(downloader: Callable[..., Downloader]) -> None:
    with pytest.raises(OcrqError) as raised:
        fetched(downloader(), "https://files.example/scan.png")
    assert raised.value.field == "image"
