"""The routes that read nothing, as the OpenAPI document describes them."""

from __future__ import annotations

from app.openapi_parts import ANYWHERE, Json, answer, content, parameter, problems, ref
from ocrq.errors import NotFound, NoWorker


def service_paths() -> Json:
    """Path to operations."""

    def get(name: str, summary: str, responses: Json, parameters: list[Json] | None = None) -> Json:
        """A route that is open to all."""
        operation: Json = {"operationId": name, "tags": ["service"], "summary": summary, "responses": responses}
        return {"get": {**operation, **({"parameters": parameters} if parameters else {}), "security": []}}

    def flag(name: str) -> Json:
        return {"type": "object", "properties": {name: {"const": True}}, "required": [name]}

    health = ref("Health")
    html = content({"type": "string"}, "text/html")
    return {
        "/health": get(
            "health",
            "Health, from the workers' heartbeats",
            {"200": answer("Healthy or degraded.", health), "503": answer("Unhealthy; `reasons` says why.", health)},
        ),
        "/livez": get("livez", "Whether this process lives", {"200": answer("It does.", flag("alive"))}),
        "/readyz": get(
            "readyz", "Whether a worker can read", {"200": answer("One can.", flag("ready")), **problems(NoWorker)}
        ),
        "/models": {
            "get": {
                "operationId": "models",
                "tags": ["service"],
                "summary": "The models that may be asked for",
                "responses": {"200": answer("The list.", ref("ModelList")), **problems(*ANYWHERE)},
            }
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "tags": ["service"],
                "summary": "Metrics of the whole deployment, for Prometheus",
                "responses": {
                    "200": {
                        "description": "Prometheus' text format.",
                        "content": content({"type": "string"}, "text/plain"),
                    },
                    **problems(*ANYWHERE),
                },
            }
        },
        "/openapi.json": get("openapi", "This document", {"200": answer("OpenAPI 3.1.", {"type": "object"})}),
        "/docs": get("docs", "The API described, to be tried", {"200": {"description": "HTML.", "content": html}}),
        "/docs/assets/{name}": get(
            "asset",
            "What `/docs` is made of",
            {"200": {"description": "A script or a style sheet."}, **problems(NotFound)},
            [parameter("name", "path", "The file's name.", {"type": "string"}, required=True)],
        ),
        "/": get("page", "The web page", {"200": {"description": "HTML.", "content": html}}),
    }
