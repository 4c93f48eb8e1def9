"""Delivery of results: those too large for the platform are uploaded to a bucket or URL."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from ocrq.errors import ServiceError, TooLarge
from worker.serverless.settings import JOB_SLOT, ServerlessSettings

MEGABYTE = 1_000_000  # as the platform counts
SYNC_BYTES = 20 * MEGABYTE  # RunPod's limit for /runsync
ASYNC_BYTES = 10 * MEGABYTE  # and for /run
SYNC_PREFIX = "sync-"  # what the ids of /runsync begin with
PUT_SECONDS = 120.0
_ENVELOPE = len('{"output": }')

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Results:
    """Delivers results within the platform's limit.

    Attributes:
        settings: The limit, and the bucket or URL for larger results.
    """

    settings: ServerlessSettings

    async def deliver(self, job_id: str, result: dict[str, Any]) -> dict[str, Any]:
        """The answer: the result, or ``{"result_url", "result_bytes"}`` where it is too large to be sent.

        Raises:
            TooLarge: It is too large, and no bucket or URL is set.
            ServiceError: The upload failed.
        """
        body = _as_sent(result)
        if body is None:  # lone surrogates in a caller's field names cannot be sent
            result = json.loads(json.dumps(result, ensure_ascii=False).encode(errors="replace"))
            body = json.dumps(result, ensure_ascii=False).encode()
        limit = self.settings.result_bytes or (SYNC_BYTES if job_id.startswith(SYNC_PREFIX) else ASYNC_BYTES)
        if len(body) + _ENVELOPE <= limit:
            return result
        if not self.settings.has_bucket and self.settings.result_url is None:
            raise TooLarge(
                f"the result has {len(body):,} bytes, and RunPod accepts at most {limit:,}; ask for fewer pages "
                "or documents at a time, leave large outputs such as pdf out, or have the operator set "
                "BUCKET_ENDPOINT_URL or OCRQ_RESULT_URL",
                field="pages",
                extra={"result_bytes": len(body), "max_bytes": limit},
            )
        return {"result_url": await self._upload(job_id, body), "result_bytes": len(body)}

    async def _upload(self, job_id: str, body: bytes) -> str:
        try:
            if self.settings.result_url is not None:
                return await self._put(self.settings.result_url.replace(JOB_SLOT, quote(job_id, safe="")), body)
            return await asyncio.to_thread(self._to_bucket, job_id, body)
        except Exception as error:  # boto3's are many, and none is shown to the caller
            log.exception("the result of job %s could not be uploaded", job_id)
            raise ServiceError(
                f"the result has {len(body):,} bytes, which RunPod does not take back, and the place the operator "
                f"named did not take it either ({type(error).__name__}); ask for fewer pages at a time",
                field="pages",
            ) from None

    async def _put(self, url: str, body: bytes) -> str:
        headers = {"Content-Type": "application/json"}
        if self.settings.result_token is not None:
            headers["Authorization"] = f"Bearer {self.settings.result_token.get_secret_value()}"
        async with httpx.AsyncClient(timeout=PUT_SECONDS) as client:
            (await client.put(url, content=body, headers=headers)).raise_for_status()
        return url

    def _to_bucket(self, job_id: str, body: bytes) -> str:
        """By RunPod's SDK; its URL is signed and holds for a week."""
        from runpod.serverless.utils import rp_upload

        settings = self.settings
        assert settings.bucket_access_key_id and settings.bucket_secret_access_key  # or has_bucket was false
        credentials = {
            "endpointUrl": settings.bucket_endpoint_url,
            "accessId": settings.bucket_access_key_id.get_secret_value(),
            "accessSecret": settings.bucket_secret_access_key.get_secret_value(),
        }
        name = f"{quote(job_id, safe='')}.json"
        return str(rp_upload.upload_in_memory_object(name, body, credentials, settings.bucket_name, prefix="ocrq"))


def _as_sent(result: dict[str, Any]) -> bytes | None:
    """The result as the SDK sends it; None where it cannot be."""
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return None
