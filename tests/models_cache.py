"""Where processes that tests and benchmarks start keep compiled models, so that each is compiled once a run."""

from __future__ import annotations

from pathlib import Path

MODELS_CACHE = Path(__file__).parents[1] / ".pytest_cache" / "models"
