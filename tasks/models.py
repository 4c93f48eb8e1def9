"""The operator's list of models as callers see it, with what the living workers have of it."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import ModelInfo, ModelList
from tasks.catalogue import Catalogue
from tasks.heartbeat import Beat, live_pools
from tasks.runner import Runner


def model_list(catalogue: Catalogue, beats: Sequence[Beat]) -> ModelList:
    """The list, each model with whether it is loaded and which model would read if asked for now."""
    live = live_pools(beats)
    loaded = {model for beat in beats for model in beat.models}
    models = []
    for entry in map(catalogue.entry, catalogue.names):
        serving = catalogue.serving(entry, live)
        models.append(
            ModelInfo(
                name=entry.name,
                engine=entry.engine,
                pool=entry.pool,
                default=entry.name == catalogue.default,
                loaded=entry.name in loaded,
                served_by=serving.name if serving.pool in live else None,
            )
        )
    return ModelList(models=models)


def local_model_list(catalogue: Catalogue, runner: Runner | None) -> ModelList:
    """The list of one process that reads for all pools; None where its models are not loaded yet."""
    loaded = runner.loaded() if runner else []
    models = []
    for entry in map(catalogue.entry, catalogue.names):
        models.append(
            ModelInfo(
                name=entry.name,
                engine=entry.engine,
                pool=entry.pool,
                default=entry.name == catalogue.default,
                loaded=entry.name in loaded,
                served_by=entry.name if runner else None,
            )
        )
    return ModelList(models=models)
