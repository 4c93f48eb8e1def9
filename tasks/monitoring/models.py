"""The operator's list of models as callers see it, with what the living workers have of it."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import ModelInfo, ModelList
from tasks.catalogue import Catalogue, ModelEntry
from tasks.monitoring.heartbeat import Heartbeat, live_pools
from tasks.runner import Runner


def model_list(catalogue: Catalogue, beats: Sequence[Heartbeat]) -> ModelList:
    """The list, each model with whether it is loaded and which model would read for it now."""
    loaded = {model for beat in beats for model in beat.models}
    return ModelList(
        models=[
            _described(entry, catalogue, entry.name in loaded, _served_by(entry, catalogue, beats))
            for entry in map(catalogue.entry, catalogue.names)
        ]
    )


def local_model_list(catalogue: Catalogue, runner: Runner | None) -> ModelList:
    """The list of one process that reads for all pools; None where its models are not loaded yet."""
    loaded = runner.loaded() if runner else []
    return ModelList(
        models=[
            _described(entry, catalogue, entry.name in loaded, entry.name if runner else None)
            for entry in map(catalogue.entry, catalogue.names)
        ]
    )


def _described(entry: ModelEntry, catalogue: Catalogue, loaded: bool, served_by: str | None) -> ModelInfo:
    return ModelInfo(
        name=entry.name,
        engine=entry.engine,
        pool=entry.pool,
        default=entry.name == catalogue.default,
        loaded=loaded,
        served_by=served_by,
    )


def _served_by(entry: ModelEntry, catalogue: Catalogue, beats: Sequence[Heartbeat]) -> str | None:
    """The model that reads for ``entry``: the fallback, too, where no worker could load it lately."""
    live = live_pools(beats)
    serving = catalogue.serving(entry, live)
    if serving.pool not in live:
        return None
    if all(serving.name in beat.refused for beat in beats if serving.pool in beat.pools):
        return catalogue.fallback if catalogue.fallback != serving.name else None
    return serving.name
