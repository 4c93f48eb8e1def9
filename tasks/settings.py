"""The settings, read once at each entry point and passed down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ocrq.redis_url import normalised
from tasks.outbound.hosts import AllowList

MEGABYTE = 1024 * 1024
DEFAULT_REDIS = "redis://127.0.0.1:6379/0"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?")  # no path, and no pattern
MIN_SECRET = 16  # characters; what signs has to be beyond guessing


def _split_commas(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


T = TypeVar("T")
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
"""Separated by commas."""

OrUnset = Annotated[T | None, BeforeValidator(lambda value: None if value == "" else value)]
"""An empty variable is one that is not set."""


class Settings(BaseSettings):
    """Every setting of the server, from the environment (prefix ``OCRQ_``; a few have names of their own)."""

    model_config = SettingsConfigDict(
        env_prefix="OCRQ_", extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    redis_url: SecretStr = Field(
        default=SecretStr(DEFAULT_REDIS),
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="Broker, results and ledger.",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "OCRQ_PORT", "port"))

    model: str = Field(
        default="rapidocr", description="The default model: `rapidocr`, `rapidocr-tiny`, a hub name, or `fake`."
    )
    models: Names = Field(
        default=(), description="The allow-list, separated by commas; empty allows the default model alone."
    )
    fallback_model: OrUnset[str] = Field(default=None, description="Reads where a listed model cannot be served.")
    preload_models: Names = Field(default=(), validation_alias=AliasChoices("PRELOAD_MODELS", "preload_models"))
    fetch_models: Names | None = Field(
        default=None, description="Which may be fetched from a model hub, with commas; all that are listed if not set."
    )
    model_memory_mb: int = Field(
        default=0, ge=0, description="What the models of one process may take; the least used leave. 0: no limit."
    )
    cpu_precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="Of TrOCR's weights without a GPU; bfloat16 halves the time where the CPU has it.",
    )
    models_cache: OrUnset[Path] = Field(
        default=None,
        description="Compiled models and word lists are kept here, for a quicker start; `ocrq up` sets a folder.",
    )
    fake_seconds: float = Field(default=0.0, ge=0, description="What each page takes with OCRQ_MODEL=fake.")

    openai_url: OrUnset[str] = Field(
        default=None, description="An OpenAI-compatible server, e.g. http://vllm:8000/v1, that reads whole pages."
    )
    openai_key: OrUnset[SecretStr] = Field(default=None, description="The key for that server.")
    openai_models: Names = Field(
        default=(), description="Names it serves, with commas; empty: every listed one that reads whole pages."
    )
    openai_pool: Literal["cpu", "gpu"] = Field(default="cpu", description="Whose workers ask that server.")
    openai_concurrency: int = Field(default=16, ge=1, le=1024, description="Concurrent page requests of a process.")
    openai_silence_seconds: float = Field(default=60.0, gt=0, description="How long it may say nothing of a page.")
    openai_seconds: float = Field(default=300.0, gt=0, description="What a page may take there, all tries together.")

    pool: Literal["cpu", "gpu", "all"] = Field(default="cpu", description="Which pool's queues a worker reads.")
    worker_pool: Literal["prefork", "threads"] = Field(
        default="prefork", description="Processes, or threads of one process in front of a server that reads."
    )
    start_method: Literal["fork", "spawn"] = Field(default="fork", description="How a worker makes its processes.")
    blob_dir: OrUnset[Path] = Field(default=None, description="Keep documents here; in Redis if not set.")
    max_body_bytes: int = Field(default=32 * MEGABYTE, ge=1024, description="Bytes of one document.")
    image_hosts: Names = Field(
        default=(),
        description="Hosts that images may be fetched from, with commas: names, `*.names`, `https://ip:port`.",
    )
    image_seconds: float = Field(default=60.0, gt=0, description="What fetching an image may take.")
    max_pixels: int = Field(default=100_000_000, ge=1, description="Pixels of one page.")
    max_pages: int = Field(default=1000, ge=1)
    pdf_dpi: int = Field(default=200, ge=36, le=600)
    decode_helper: bool = Field(
        default=True, description="Decode documents in a helper process of each reading one; false: in that itself."
    )
    decode_seconds: float = Field(
        default=30.0, gt=0, description="What opening a document, or decoding a page, may take in the helper process."
    )
    decode_memory_mb: int = Field(default=3072, ge=256, description="Address space of the helper process.")

    max_queued: int = Field(default=10_000, ge=1, description="Jobs that may wait in a lane.")
    max_kept: int = Field(
        default=100_000, ge=0, description="Jobs of one owner that came within job_ttl, ended ones too; 0: no bound."
    )
    max_waiting_mb: int = Field(
        default=8192, ge=0, description="Megabytes of one owner's documents that may wait or be read; 0: no bound."
    )
    max_owner_seconds: int = Field(
        default=0, ge=0, description="Seconds that reading may take for one owner within an hour; 0: no bound."
    )
    job_ttl: int = Field(default=24 * 3600, ge=1, description="Seconds an ended job is kept.")
    cache_seconds: int = Field(default=3600, ge=0, description="How long a result may answer equal requests; 0: not.")
    job_seconds: int = Field(default=3600, ge=1, description="Seconds one run of a job may take.")
    page_seconds: float = Field(default=600.0, gt=0, description="Seconds that reading one page may take.")
    hard_limit_seconds: int = Field(
        default=60, ge=1, description="Seconds past job_seconds after which a process that does not stop is killed."
    )
    stop_seconds: float = Field(
        default=30.0, gt=0, description="A reading process that ignores a cancelled job for so long is killed."
    )
    memory_growth_mb: int = Field(
        default=1024, ge=0, description="A reading process that has grown by more is replaced; 0: never."
    )
    lease_seconds: float = Field(default=10.0, ge=1, description="A worker silent for so long has lost its job.")
    visibility_seconds: int = Field(
        default=900,
        ge=1,
        description="After so long Redis delivers a message again that no ledger knows; jobs come back much sooner.",
    )
    drain_seconds: float = Field(default=20.0, ge=0, description="How long a stopping worker may finish its jobs.")
    max_attempts: int = Field(default=3, ge=1, description="Runs that may end with the worker's death.")
    sync_seconds: float = Field(default=120.0, gt=0, description="How long a synchronous route waits.")
    max_connections: int = Field(
        default=1000, ge=0, description="Connections of one address to an API process; 0: no bound of their own."
    )
    max_waiting: int = Field(default=320, ge=1, description="Callers of one API process that may wait at a time.")

    api_keys: OrUnset[SecretStr] = Field(default=None, description="Who may call; see docs/access.md.")
    api_keys_file: OrUnset[Path] = Field(default=None, description="The same from a file, one entry a line.")
    open: bool = Field(default=False, description="Serve other machines without keys, knowingly.")
    cors_origins: Names = Field(default=(), description="Origins whose pages may call, separated by commas.")

    allowed_hosts: Names = Field(
        default=(), description="Names, beside localhost, by which a server without keys may be called, with commas."
    )

    cpu_dollars_per_hour: float = Field(
        default=0.0, ge=0, description="What a reading process without a GPU costs, for the metrics of cost."
    )
    gpu_dollars_per_hour: float = Field(default=0.0, ge=0, description="The same of one with a GPU.")
    log_format: Literal["text", "json"] = Field(default="text", description="How log lines are written.")
    traces_url: OrUnset[str] = Field(
        default=None,
        description="An OTLP collector, such as http://collector:4318/v1/traces; needs the extra `traces`.",
    )

    webhook_secret: OrUnset[SecretStr] = Field(default=None, description="Signs webhooks; without it none are sent.")
    webhook_hosts: Names = Field(
        default=(),
        description="Hosts that webhooks may be sent to, separated by commas: names, `*.names`, or `http(s)://host:port`.",
    )
    webhook_private: bool = Field(default=False, description="Send webhooks to listed names at private addresses, too.")
    webhook_tries: int = Field(default=8, ge=1, le=100, description="Tries before a webhook is given up.")
    webhook_retry_seconds: float = Field(default=5.0, gt=0, description="Before the second try; then four times it.")

    @field_validator("redis_url", mode="before")
    @classmethod
    def _is_redis_url(cls, value: Any) -> Any:
        url = value.get_secret_value() if isinstance(value, SecretStr) else value
        return SecretStr(normalised(url or DEFAULT_REDIS)) if isinstance(url, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, origin in enumerate(value, 1):
            if not _ORIGIN.fullmatch(origin):
                remedy = (
                    "name each origin" if origin == "*" else "write it like https://app.example.com or http://name:3000"
                )
                raise ValueError(f"number {number} is not an origin that may be allowed; {remedy}")
        return value

    @field_validator("webhook_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowList.parse(value)
        return value

    @field_validator("image_hosts")
    @classmethod
    def _are_https(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(rule.scheme != "https" for rule in AllowList.parse(value).rules):
            raise ValueError("has an entry with http://; images are fetched over https alone")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"has fewer than {MIN_SECRET} characters; make one with `openssl rand -hex 32`")
        return value

    @property
    def has_keys(self) -> bool:
        """Whether callers need a key."""
        return self.api_keys is not None or self.api_keys_file is not None

    @property
    def sends_webhooks(self) -> bool:
        """Whether the operator has set both of what webhooks need."""
        return self.webhook_secret is not None and bool(self.webhook_hosts)
