"""The operator's list of models as callers see it, with what the living workers have of it."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import ModelInfo, ModelList
from tasks.catalogue import Catalogue
from tasks.heartbeat import Beat, live_pools


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
