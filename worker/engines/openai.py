"""Reads whole pages on an OpenAI-compatible server, vLLM above all, as the model's preset asks it.

The pages of a process go to the server together, whichever job they belong to; what it makes of them is its business.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future, wait
from typing import Any, TypeVar

import cv2

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.openai_server import Server
from worker.engines.openai_stream import Stream
from worker.engines.parsers import parse
from worker.engines.presets import Preset, preset_for
from worker.page import PageImage, PageReading, Pixels

LOOK_SECONDS = 0.2  # between two looks at whether to stop
LONGEST_SIDE = 4096  # pixels; more tells no model more, and a page has to travel
PASSED_ON = ("temperature", "top_p", "seed")  # options of the protocol by their own names
EXTENSIONS = ("top_k", "repetition_penalty")  # those that vLLM adds to it
TAKEN = frozenset({*PASSED_ON, *EXTENSIONS, "max_new_tokens", "max_length", "do_sample"})

T = TypeVar("T")


class OpenAIReader:
    """A model of the server.

    Args:
        model: By the server's name for it, which is the operator's.
        settings: The server, and what asking it may take.
    """

    memory_bytes = 0  # the model is elsewhere
    concurrent = True
    text_only = True

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"openai/{model}"
        self.batch_pages = settings.openai_concurrency
        self._model, self._preset = model, preset_for(model)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="openai", daemon=True).start()
        self._server = self._submitted(_made(settings)).result()

    def read_pages(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """See :class:`worker.engines.protocols.PageReader`.

        Raises:
            ModelUnavailable: The server does not serve the model now.
            ReadFailed: The server refuses a page.
            JobCancelled: The job was cancelled; the server is told within a second.
            TimeLimitExceeded: The deadline has passed.
        """
        sampling, warnings = _sampling(context.options, self._preset)
        asked = self._submitted(self._read_all(pages, prompt, sampling))
        try:
            streams = _awaited(asked, context)
        finally:
            asked.cancel()
        return [self._reading(stream, warnings) for stream in streams]

    async def _read_all(self, pages: Sequence[PageImage], prompt: str | None, sampling: dict[str, Any]) -> list[Stream]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    self._server.ask(
                        {"model": self._model, "messages": _messages(page.pixels, prompt, self._preset), **sampling},
                        self._preset.repetition,
                    )
                )
                for page in pages
            ]
        return [task.result() for task in tasks]

    def _reading(self, stream: Stream, warnings: tuple[str, ...]) -> PageReading:
        parsed = parse(self._preset.parser, stream.answer())
        told = [*warnings, *parsed.warnings]
        if stream.end == "loop":
            told.append("the model went round in circles; its answer was stopped and cut where that began")
        elif stream.end == "length":
            told.append(
                "the model's answer was longer than it may be, and was cut; raise decoding_options.max_new_tokens"
            )
        probabilities = parsed.answer.probabilities
        probability = sum(probabilities) / len(probabilities) if probabilities else None
        return PageReading(parsed.answer.text, probability=probability, warnings=tuple(told))

    def _submitted(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _made(settings: Settings) -> Server:
    return Server(settings)


def load(model: str, settings: Settings) -> OpenAIReader:
    """The model on the server; whether it is there shows when it is asked for a page.

    Raises:
        ModelUnavailable: No server is set.
    """
    if settings.openai_url is None:
        raise ModelUnavailable(f"{model} is read by a server; set OCRQ_OPENAI_URL", field="model_name")
    return OpenAIReader(model, settings)


def _awaited(asked: Future[list[Stream]], context: ReadContext) -> list[Stream]:
    while True:
        context.check()
        if not wait([asked], LOOK_SECONDS).done:
            continue
        try:
            return asked.result()
        except BaseExceptionGroup as group:  # of pages that failed together: the first says why
            raise group.exceptions[0] from group


def _messages(pixels: Pixels, prompt: str | None, preset: Preset) -> list[dict[str, Any]]:
    picture = {"type": "image_url", "image_url": {"url": _data_url(pixels, preset.longest_side or LONGEST_SIDE)}}
    words = prompt or preset.prompt
    parts: list[dict[str, Any]] = [picture]
    if words:
        parts.insert(len(parts) if preset.picture_first else 0, {"type": "text", "text": words})
    return [{"role": "user", "content": parts}]


def _data_url(pixels: Pixels, longest_side: int) -> str:
    """The page as PNG: JPEG's noise around letters costs small print."""
    height, width = pixels.shape[:2]
    scale = longest_side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, data = cv2.imencode(".png", pixels)
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()


def _sampling(options: Any, preset: Preset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The caller's options as the protocol has them, greedy where nothing else is asked, and what was not taken."""
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
        f"decoding_options.{name} is not taken by this model and was ignored" for name in options if name not in TAKEN
    ]
    if wanted > preset.max_new_tokens:
        warnings.append(f"this model writes {preset.max_new_tokens} tokens at most")
    return sampling, tuple(warnings)
