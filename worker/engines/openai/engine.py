"""Reads whole pages on an OpenAI-compatible server such as vLLM, with the prompt of the model's preset.

The pages of all jobs of a process are sent concurrently; the server batches them.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import cv2
import numpy as np

from ocrq.errors import ModelUnavailable, ReadFailed
from tasks.monitoring.counters import COUNTERS
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.generated import ONLY_LOOP, GeneratedPage, read_generated
from worker.engines.openai import INFO
from worker.engines.openai.server import Server
from worker.engines.parsers import Answer, Parsed, parse
from worker.engines.presets import Preset, preset_for
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading, Pixels

CHECK_SECONDS = 0.2  # between two checks for a stop
LONGEST_SIDE = 4096  # pixels; no model uses more, and a page has to be sent
PASSED_ON = ("temperature", "top_p", "seed")  # options of the protocol by their own names
EXTENSIONS = ("top_k", "repetition_penalty")  # those that vLLM adds to it
TAKEN = frozenset({*PASSED_ON, *EXTENSIONS, "max_new_tokens", "max_length", "do_sample"})

T = TypeVar("T")


@dataclass(frozen=True)
class _PageRequest:
    """How the pages of one read are requested.

    Attributes:
        model: The server's name for it.
        preset: The model's.
        prompt: The caller's; None for the preset's.
        sampling: Sampling parameters in the protocol's terms.
        warnings: For options that were ignored.
    """

    model: str
    preset: Preset
    prompt: str | None
    sampling: Mapping[str, Any]
    warnings: tuple[str, ...]

    def payload(self, pixels: Pixels) -> dict[str, Any]:
        """The chat completion that reads a page."""
        url = _data_url(pixels, self.preset.longest_side or LONGEST_SIDE)
        parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}}]
        words = self.preset.prompt if self.prompt is None else self.prompt
        if words:
            parts.insert(len(parts) if self.preset.picture_first else 0, {"type": "text", "text": words})
        return {"model": self.model, "messages": [{"role": "user", "content": parts}], **self.sampling}


class OpenAIReader(PageReader):
    """A model served by the server.

    Args:
        model: Its name on the server and on the operator's list.
        settings: The server's URL, key and limits.
    """

    def __init__(self, model: str, settings: Settings) -> None:
        self.info = replace(INFO, name=f"openai/{model}", batch_size=settings.openai_concurrency)
        self._model, self._preset = model, preset_for(model)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="openai", daemon=True).start()
        self._server = self._submitted(_made(settings)).result()

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """See :class:`worker.engines.protocols.PageReader`.

        Raises:
            ModelUnavailable: The server does not serve the model now.
            ReadStopped: The job was cancelled, or its deadline has passed; the request is closed within a second.
        """
        page_request = _PageRequest(self._model, self._preset, prompt, *_sampling(context.options, self._preset))
        return read_generated(pages, prompt, lambda pictures: self._generate(pictures, page_request, context))

    def _generate(
        self, pictures: Sequence[Pixels], page_request: _PageRequest, context: ReadContext
    ) -> list[GeneratedPage]:
        asked = self._submitted(self._generate_all(pictures, page_request))
        try:
            return _awaited(asked, context)
        finally:
            asked.cancel()

    async def _generate_all(self, pictures: Sequence[Pixels], page_request: _PageRequest) -> list[GeneratedPage]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._generate_page(pixels, page_request)) for pixels in pictures]
        return [task.result() for task in tasks]

    async def _generate_page(self, pixels: Pixels, page_request: _PageRequest) -> GeneratedPage:
        """A page that the server refuses fails alone."""
        payload = await asyncio.to_thread(page_request.payload, pixels)
        try:
            stream = await self._server.ask(payload, self._preset.repetition)
        except ReadFailed as error:
            return GeneratedPage(Parsed(Answer("")), warnings=page_request.warnings, failure=error.detail)
        COUNTERS.add("tokens", len(stream.pieces), engine=self.info.name)
        parsed = parse(self._preset.parser, stream.answer())
        failure = ONLY_LOOP if stream.end == "loop" and not parsed.answer.text else None
        return GeneratedPage(
            parsed, stream.end or "end", page_request.sampling["max_tokens"], page_request.warnings, failure
        )

    def _submitted(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _made(settings: Settings) -> Server:
    return Server(settings)


def load(model: str, settings: Settings) -> OpenAIReader:
    """The model on the server; whether the server has it is known at the first page.

    Raises:
        ModelUnavailable: No server is set.
    """
    if settings.openai_url is None:
        raise ModelUnavailable(f"{model} is served by a server; set OCRQ_OPENAI_URL", field="model_name")
    return OpenAIReader(model, settings)


def _awaited(asked: Future[list[GeneratedPage]], context: ReadContext) -> list[GeneratedPage]:
    while True:
        context.check()
        if not wait([asked], CHECK_SECONDS).done:
            continue
        try:
            return asked.result()
        except BaseExceptionGroup as group:  # of pages that failed together: the first is reported
            raise group.exceptions[0] from group


def _data_url(pixels: Pixels, longest_side: int) -> str:
    """The page as PNG: JPEG's artefacts make small print unreadable."""
    height, width = pixels.shape[:2]
    scale = longest_side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".png", pixels)
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()


def _sampling(options: Mapping[str, Any], preset: Preset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The caller's options in the protocol's terms, greedy by default, and warnings for those ignored."""
    sampling: dict[str, Any] = {"temperature": 0.0}
    if options.get("do_sample"):
        sampling["temperature"] = 1.0
    sampling |= {name: options[name] for name in (*PASSED_ON, *EXTENSIONS) if name in options}
    if options.get("do_sample") is False:
        sampling["temperature"] = 0.0
    wanted = options.get("max_new_tokens") or options.get("max_length") or preset.max_new_tokens
    sampling["max_tokens"] = min(wanted, preset.max_new_tokens)
    if preset.stop:
        sampling["stop"] = list(preset.stop)
    warnings = [
        f"decoding_options.{name} is not supported by this model and was ignored"
        for name in options
        if name not in TAKEN
    ]
    if wanted > preset.max_new_tokens:
        warnings.append(f"this model writes {preset.max_new_tokens} tokens at most")
    return sampling, tuple(warnings)
