"""A server of the Model Context Protocol over the client: agents read documents, extract fields and see jobs."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError

from ocrq.client import AsyncClient, Readable
from ocrq.client.synchronous import StructuredOperation, TextOperation
from ocrq.contracts import JobStatus, StructuredResult, TextResult
from ocrq.errors import OcrqError

T = TypeVar("T")

INSTRUCTIONS = (
    "Reads documents (images, scans, PDFs) with ocrq. `read` gives text or Markdown, `extract` fills a schema, "
    "`status` reports on the service and its jobs. Confidences are probabilities: check what is below 0.9."
)


def make_server(client: AsyncClient) -> FastMCP[None]:
    """A server whose tools call ``client``."""
    server: FastMCP[None] = FastMCP("ocrq", instructions=INSTRUCTIONS, log_level="WARNING")

    @server.tool()
    async def read(
        document: str, pages: str | None = None, robust: bool = False, markdown: bool = True
    ) -> dict[str, Any]:
        """Read a document.

        Args:
            document: Path of a file on this machine, or an https URL on a host that the service allows.
            pages: Which, like "1-3,7" or "2-"; all if not given.
            robust: For poor scans: slower, and surer of itself.
            markdown: Headings, lists and tables as Markdown; plain text otherwise.
        """
        request: dict[str, Any] = {"output": ["markdown"]} if markdown else {}
        if pages:
            request["pages"] = pages
        operation: TextOperation = "extract_text_robust" if robust else "extract_text"
        result = await _with_tool_errors(client.read(_readable(document), operation, **request))
        assert isinstance(result, TextResult)
        text = (result.outputs or {}).get("markdown", result.text)
        return {
            "text": text,
            "confidence": result.confidence,
            "language": result.language,
            "pages": len(result.pages),
            "warnings": result.metadata.warnings,
        }

    @server.tool()
    async def extract(document: str, schema: dict[str, Any], robust: bool = False) -> dict[str, Any]:
        """Find fields in a document, such as those of an invoice or a receipt.

        Args:
            document: Path of a file on this machine, or an https URL on a host that the service allows.
            schema: A JSON Schema of an object, or names with kinds: {"invoice_number": "string", "total": "number",
                "line_items": [{"description": "string", "amount": "number"}]}.
            robust: For poor scans, with checks across fields.
        """
        operation: StructuredOperation = "extract_structured_robust" if robust else "extract_structured"
        result = await _with_tool_errors(client.read(_readable(document), operation, schema=schema))
        assert isinstance(result, StructuredResult)
        fields = {
            name: {"confidence": field.confidence, "page": field.page, "text": field.text, "reason": field.reason}
            for name, field in result.fields.items()
        }
        return {"data": result.structured_data, "confidence": result.confidence, "fields": fields}

    @server.tool()
    async def status(job_id: str | None = None, only: JobStatus | None = None) -> dict[str, Any]:
        """The state of a job, or of the service and its newest jobs.

        Args:
            job_id: Of one job; its result comes along once it has succeeded.
            only: Without a job's id: list jobs of this status alone.
        """
        if job_id:
            return (await _with_tool_errors(client.job(job_id))).model_dump(mode="json")
        health, jobs = await _with_tool_errors(client.health()), await _with_tool_errors(client.jobs(only, limit=20))
        return {"health": health.model_dump(mode="json"), "jobs": jobs.model_dump(mode="json")["jobs"]}

    return server


def _readable(document: str) -> Readable:
    return document if document.startswith(("https://", "http://")) else Path(document).expanduser()


async def _with_tool_errors(call: Awaitable[T]) -> T:
    """The client's result; its errors as sentences that an agent can act on."""
    try:
        return await call
    except OcrqError as error:
        raise ToolError(f"{error.code}: {error.detail}") from None
    except OSError as error:
        raise ToolError(f"cannot read the file ({error.strerror}); give its absolute path") from None
