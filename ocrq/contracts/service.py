"""What the service says about itself: health, models, and problems (RFC 9457)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Health(BaseModel):
    """`GET /health`, from the workers' heartbeats."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    status: Literal["healthy", "degraded", "unhealthy"]
    models_loaded: list[str]
    gpu_available: bool
    memory_info: dict[str, Any] = Field(description="Bytes: `workers_rss` and, with a GPU, `gpu_used` and `gpu_total`.")
    workers: int = Field(default=0, description="Reading processes that are alive.")
    busy: int = Field(default=0, description="Of those, how many read right now.")
    queued: dict[str, int] = Field(default_factory=dict, description="Jobs that wait, by queue.")
    work: dict[str, int] = Field(
        default_factory=dict,
        description="By pool, what wants a reading process: messages that wait, those of parts of documents among "
        "them, and processes that read. Autoscalers follow it.",
    )
    reasons: list[str] = Field(default_factory=list, description="Why the status is not healthy, with the remedy.")


class ModelInfo(BaseModel):
    """One model of the operator's list."""

    model_config = ConfigDict(extra="forbid")

    name: str
    engine: str
    pool: Literal["cpu", "gpu"]
    default: bool = False
    loaded: bool = Field(default=False, description="Whether a living worker has it in memory.")
    served_by: str | None = Field(default=None, description="Which model would read now; null if none can.")


class ModelList(BaseModel):
    """`GET /models`."""

    models: list[ModelInfo]


class Problem(BaseModel):
    """An HTTP error as RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:ocrq:error:invalid_request"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; see the error tree.")
    field: str | None = None
    retryable: bool = False
