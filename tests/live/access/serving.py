"""The API as it is deployed, with keys and its access log on."""

from __future__ import annotations

import os
import sys

import httpx

from ocrq.keys import hashed_entry, new_secret
from tests.live.processes import Part, Parts, free_port, until

PLAIN = "plain-0123456789-abcdefgh"
SECRETS = {"ann": new_secret(), "bob": new_secret(), "ops": new_secret(), "few": new_secret(), "plain": PLAIN}


def entries() -> str:
    """OCRQ_API_KEYS of the API under test."""
    ann, bob = (hashed_entry(name, SECRETS[name]) for name in ("ann", "bob"))
    ops = hashed_entry("ops", SECRETS["ops"], ["admin"])
    few = hashed_entry("few", SECRETS["few"]) + ";rate=5/minute;bytes=1MB/hour"
    return f"{ann},{bob},{ops},{few},plain:{PLAIN}"


class Api:
    """One API process over the parts' Redis, and a client for each key."""

    def __init__(self, parts: Parts, name: str, **settings: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "app", "--port", str(self.port), "--access-log"]
        environment = {**os.environ, **parts.control.environment, "OCRQ_API_KEYS": entries(), **settings}
        self.part = Part(command, environment, parts.directory / f"{name}.log")
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.part.start()
        until(lambda: alive(self.url), "the API answers")

    def by(self, name: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {SECRETS[name]}"} if name else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


def alive(url: str) -> bool:
    """Whether a server answers there."""
    try:
        return httpx.get(f"{url}/livez").status_code == 200
    except httpx.TransportError:
        return False
