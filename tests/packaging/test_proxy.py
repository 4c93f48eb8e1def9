"""docker-compose.tls.yml and its Caddyfile: the proxy alone is published, and its limits are the API's."""

from __future__ import annotations

import re
from typing import Any

import yaml

from app.application import max_content_bytes
from app.waiting import MAX_WAIT_SECONDS
from tasks.settings import Settings
from tests.packaging.images import ROOT

UNITS = {"KB": 10**3, "MB": 10**6, "KiB": 2**10, "MiB": 2**20}
CADDYFILE = (ROOT / "deploy/proxy/Caddyfile").read_text(encoding="utf-8")


class Loader(yaml.SafeLoader):
    """Reads Compose's own tags."""


Loader.add_constructor("!reset", lambda loader, node: None)


def overlay() -> dict[str, Any]:
    return dict(yaml.load((ROOT / "docker-compose.tls.yml").read_text(encoding="utf-8"), Loader)["services"])  # noqa: S506


def size_of(directive: str) -> int:
    number, unit = re.findall(rf"{directive} (\d+)(\w+)", CADDYFILE)[0]
    return int(number) * UNITS[unit]


def seconds_of(directive: str) -> int:
    number, unit = re.findall(rf"{directive} (\d+)([sm])", CADDYFILE)[0]
    return int(number) * {"s": 1, "m": 60}[unit]


def test_the_proxy_takes_every_body_that_the_api_takes_and_few_larger_ones() -> None:
    largest = max_content_bytes(Settings().max_body_bytes)
    assert largest <= size_of("max_size") <= largest * 1.1


def test_the_proxy_waits_longer_than_the_api_holds_a_reply_and_not_for_slow_heads() -> None:
    longest = max(Settings().sync_seconds, MAX_WAIT_SECONDS)
    assert longest < seconds_of("response_header_timeout") < 2 * longest
    assert seconds_of("read_header") <= 30 and "read_body" in CADDYFILE


def test_metrics_are_not_served_to_the_outside() -> None:
    assert "@inside path /metrics" in CADDYFILE and "respond @inside 404" in CADDYFILE


def test_braces_are_closed() -> None:
    assert CADDYFILE.count("{") == CADDYFILE.count("}")


def test_the_proxy_alone_is_published_and_the_api_asks_for_keys() -> None:
    services = overlay()
    assert services["api"]["ports"] is None and services["api"]["environment"]["OCRQ_OPEN"] == ""
    proxy = services["proxy"]
    assert proxy["read_only"] and proxy["cap_drop"] == ["ALL"] and proxy["mem_limit"] and proxy["pids_limit"]
    assert {port.split(":")[0] for port in proxy["ports"]} == {"80", "443"}
