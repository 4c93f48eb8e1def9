"""``python -m worker.runpod_handler``: RunPod's job loop over the job service of this process, without Redis.

The models are loaded before the loop starts. ``--test_input '{"input": …}'`` reads one job and ends,
``--rp_serve_api`` serves RunPod's local API; both are the SDK's.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

try:
    import runpod
except ModuleNotFoundError:
    sys.exit("error: the package runpod is missing; pip install -e '.[runpod]'")
from runpod.http_client import AsyncClientSession
from runpod.serverless.modules.rp_http import send_result
from runpod.serverless.modules.rp_logger import RunPodLogger

from ocrq.errors import OcrqError
from tasks.catalogue import Catalogue
from tasks.documents.download import fetcher
from tasks.execution.inline import inline_service
from tasks.settings import Settings
from worker.serverless.cuda import has_lost_its_gpu
from worker.serverless.fitness import check_gpu, check_reading
from worker.serverless.handler import Handler
from worker.serverless.process import Reading, start_reading
from worker.serverless.progress import SendProgress
from worker.serverless.replacement import ReplaceableRunner
from worker.serverless.results import Results
from worker.serverless.settings import ServerlessSettings
from worker.serverless.volume import model_cache

KEPT_SECONDS = 60  # of an ended job: its result is taken at once

log = logging.getLogger(__name__)


def main() -> None:
    """Load the models, then take jobs until stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    if not {"RUNPOD_LOG_LEVEL", "RUNPOD_DEBUG_LEVEL"} & os.environ.keys():
        RunPodLogger().set_level("INFO")  # the SDK's default logs every document's text
    serverless = ServerlessSettings()
    cache = model_cache(serverless.volume, os.environ)
    if cache is not None:
        os.environ["HF_HOME"] = str(cache)
        log.info("models are kept in %s", cache)
    settings = Settings()
    try:
        reading = start_reading(settings)
    except OcrqError as error:
        sys.exit(f"error: {error.detail}")
    runpod.serverless.register_fitness_check(check_reading)
    if settings.pool == "gpu":
        runpod.serverless.register_fitness_check(check_gpu)
    runpod.serverless.start(job_loop(reading, settings, serverless))


def job_loop(reading: Reading, settings: Settings, serverless: ServerlessSettings) -> dict[str, Any]:
    """The SDK's configuration; its ``refresh_worker`` is set when this process cannot read any more."""
    config: dict[str, Any] = {}

    def refresh() -> None:
        config["refresh_worker"] = True

    kept = settings.model_copy(update={"job_ttl": KEPT_SECONDS, "cache_seconds": 0})
    service, workers = inline_service(kept, Catalogue.from_settings(settings))
    workers.read_with(ReplaceableRunner(reading.runner, has_lost_its_gpu, refresh), reading.at_once, reading.health)
    handler = Handler(
        service=service,
        results=Results(serverless),
        fetch=fetcher(settings),
        max_bytes=settings.max_body_bytes,
        on_spent=refresh,
        progress_sender_for=_progress_sender if "RUNPOD_WEBHOOK_POST_OUTPUT" in os.environ else None,
        progress_seconds=serverless.progress_seconds,
    )
    at_once = serverless.jobs_at_once or reading.at_once
    config |= {"handler": handler.answer, "concurrency_modifier": lambda _: at_once}
    return config


def _progress_sender(job: Mapping[str, Any]) -> SendProgress:
    """As the SDK's ``progress_update``, but in a task that can be awaited; the SDK's starts a thread."""

    async def send(progress: dict[str, Any]) -> None:
        async with AsyncClientSession() as session:
            await send_result(session, {"status": "IN_PROGRESS", "output": progress}, job)

    return send


if __name__ == "__main__":
    main()
