"""`ocrq mcp` over standard input and output, as an agent's program starts it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.documents import as_png, text_page
from tests.served import served

pytestmark = pytest.mark.live


async def call(session: ClientSession, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await session.call_tool(tool, arguments)
    text = answer.content[0].text  # type: ignore[union-attr]
    return {"error": text} if answer.isError else dict(json.loads(text))


def test_an_agent_reads_extracts_and_looks_at_jobs(tmp_path: Path) -> None:
    page = tmp_path / "page.png"
    page.write_bytes(as_png(text_page(["Hello"], size=(620, 877))))

    async def use(url: str) -> None:
        command = ["-m", "ocrq", "mcp", "--server", url]
        server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
        async with stdio_client(server) as (reads, writes), ClientSession(reads, writes) as session:
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert set(tools) == {"read", "extract", "status"} and all(tool.description for tool in tools.values())

            read = await call(session, "read", document=str(page), markdown=False)
            assert read["text"].startswith("Hello from page 1") and read["pages"] == 1
            found = await call(session, "extract", document=str(page), schema={"hello": "string"})
            assert found["data"]["hello"] and found["fields"]["hello"]["page"] == 1
            status = await call(session, "status")
            assert status["health"]["status"] == "healthy"
            assert [job["endpoint"] for job in status["jobs"]] == ["/extract_structured", "/extract_text"]
            job = await call(session, "status", job_id=status["jobs"][1]["id"])
            assert job["status"] == "succeeded" and job["result"]["text"] == read["text"]

            assert "absolute path" in (await call(session, "read", document="nowhere.png"))["error"]
            assert (
                "invalid_schema" in (await call(session, "extract", document=str(page), schema={"a": "poem"}))["error"]
            )
            assert "job_not_found" in (await call(session, "status", job_id="none"))["error"]

    with served() as url:
        asyncio.run(use(url))
