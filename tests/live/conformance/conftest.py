"""One deployment behind all transports: the fake engine by default, the real one where a case asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import httpx
import pytest
from celery import Celery

from tests.contract.conformance.cases import TEXT_MODEL
from tests.live.conformance.transports import Transports
from tests.live.processes import Parts, free_port, until
from tests.live.runpod.workers import Standalone, Worker

SETTINGS = {
    "OCRQ_MODEL": "fake",
    "OCRQ_MODELS": f"fake,rapidocr,{TEXT_MODEL},microsoft/trocr-base-printed,microsoft/trocr-large-printed",
    "OCRQ_FALLBACK_MODEL": "rapidocr",
}


@pytest.fixture(scope="session")
def transports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transports]:
    directory = tmp_path_factory.mktemp("conformance")
    http_port, runpod_port = free_port(), free_port()
    arguments = ("--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(runpod_port))
    runpod = Worker("runpod", directory / "runpod.log", {**SETTINGS, "OCRQ_DECODE_HELPER": "true"}, *arguments)
    standalone = Standalone(directory / "standalone.log", **SETTINGS, OCRQ_DECODE_HELPER="true")
    parts = Parts(directory / "parts", SETTINGS)
    celery = Celery(broker=parts.url, backend=parts.url, set_as_current=False)
    try:
        parts.start(workers=1, concurrency=2)
        parts.add_api(http_port)
        until(lambda: _serves(runpod_port) or not runpod.alive(), "RunPod's local API answers")
        assert runpod.alive(), runpod.output()
        standalone.until_ready()
        yield Transports(f"http://127.0.0.1:{http_port}", f"http://127.0.0.1:{runpod_port}", standalone.url, celery)
    finally:
        gc.collect()  # handles of calls, which tracebacks keep, take leave of Redis while it is there
        celery.close()
        runpod.kill()
        standalone.kill()
        parts.end()


def _serves(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/openapi.json").status_code == 200
    except httpx.TransportError:
        return False
