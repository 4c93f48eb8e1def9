"""The routes that read nothing, as the OpenAPI document describes them."""

from __future__ import annotations

from app.openapi_parts import ANYWHERE, Json, answer, content, object_of, operation, parameter, problems, ref
from ocrq.errors import NotFound, NoWorker

_TRUE = {"const": True}
_TEXT = {"type": "string"}


def service_paths() -> Json:
    """Path to operations."""

    def get(name: str, summary: str, responses: Json, *parameters: Json, is_open: bool = True) -> Json:
        return {"get": operation(name, "service", summary, responses, parameters=parameters, is_open=is_open)}

    health = ref("Health")
    html = {"200": {"description": "HTML.", "content": content(_TEXT, "text/html")}}
    name = parameter("name", "path", "The file's name.", _TEXT, required=True)
    models = {"200": answer("The list.", ref("ModelList")), **problems(*ANYWHERE)}
    metrics = {"description": "Prometheus' text format.", "content": content(_TEXT, "text/plain")}
    return {
        "/health": get(
            "health",
            "Health, from the workers' heartbeats",
            {"200": answer("Healthy or degraded.", health), "503": answer("Unhealthy; `reasons` says why.", health)},
        ),
        "/livez": get("livez", "Whether this process lives", {"200": answer("It does.", object_of(alive=_TRUE))}),
        "/readyz": get(
            "readyz",
            "Whether a worker can read",
            {"200": answer("One can.", object_of(ready=_TRUE)), **problems(NoWorker)},
        ),
        "/models": get("models", "The models that may be asked for", models, is_open=False),
        "/metrics": get(
            "metrics",
            "Metrics of the whole deployment, for Prometheus",
            {"200": metrics, **problems(*ANYWHERE)},
            is_open=False,
        ),
        "/openapi.json": get("openapi", "This document", {"200": answer("OpenAPI 3.1.", {"type": "object"})}),
        "/docs": get("docs", "The API described, to be tried", html),
        "/docs/assets/{name}": get(
            "asset",
            "What `/docs` is made of",
            {"200": {"description": "A script or a style sheet."}, **problems(NotFound)},
            name,
        ),
        "/": get("page", "The web page", html),
    }
