"""A typed client of ocrq: of its HTTP API and of RunPod endpoints, with threads or with asyncio.

    from pathlib import Path
    from ocrq.client import Client

    with Client("http://127.0.0.1:8000") as client:
        print(client.read(Path("scan.pdf")).text)

What the service answers as a problem is raised as the error of that code from :mod:`ocrq.errors`.
"""

from ocrq.client.asynchronous import AsyncClient
from ocrq.client.configuration import Configuration, Profile
from ocrq.client.core import HOLD_SECONDS, PROGRESS_SECONDS, Readable
from ocrq.client.exchange import Retries
from ocrq.client.many import Outcome, Source, result_json
from ocrq.client.synchronous import Client
from ocrq.client.transport import Endpoint

__all__ = [
    "HOLD_SECONDS",
    "PROGRESS_SECONDS",
    "AsyncClient",
    "Client",
    "Configuration",
    "Endpoint",
    "Outcome",
    "Profile",
    "Readable",
    "Retries",
    "Source",
    "result_json",
]
