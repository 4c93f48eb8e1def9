"""What an engine is: declared once by the engine, read by everything that has to choose or bound one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class EngineInfo:
    """The properties of an engine.

    Each package in ``worker/engines`` declares ``INFO``, without a model and without heavy imports; a loaded engine
    has its own copy in ``info`` with the model's name and what depends on the model and the device.

    Attributes:
        name: ``engine/model``, the result's ``served_by``; the engine's name alone where no model is loaded yet.
        reads: Whole pages, or crops of one text line each.
        gives_boxes: Whether it finds the lines itself; otherwise a detector does.
        follows_prompts: Whether a prompt changes what it writes.
        writes_markup: Whether its models write Markdown or HTML.
        thread_safe: Whether several threads may call it at the same time; otherwise a lock is held during each call.
        needs_checkpoint: Whether its models are files on this machine or the model hub, named by the operator.
        batch_size: Pages that it gains from being given together; 1 for a reader of lines.
        memory_bytes: Memory that the loaded model takes, on the device where it computes; 0 where it is elsewhere.
    """

    name: str
    reads: Literal["pages", "lines"]
    gives_boxes: bool
    follows_prompts: bool = False
    writes_markup: bool = False
    thread_safe: bool = False
    needs_checkpoint: bool = False
    batch_size: int = 1
    memory_bytes: int = 0
