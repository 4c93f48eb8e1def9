from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest
from pydantic import SecretStr, ValidationError

from ocrq.errors import InvalidRequest
from tasks.outbound.addresses import AddressRefused, addresses_of, may_connect, resolve
from tasks.outbound.hosts import AllowList
from tasks.settings import Settings
from tasks.webhooks.permission import allowed_webhook

LISTED = AllowList.parse(
    ["hooks.example.com", "*.example.org", "http://10.0.0.7:9000", "own.example.net:8443", "https://[fd00::7]"]
)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example.com/a?b=c", "hooks.example.com", 443, "/a?b=c"),
        ("https://hooks.example.com", "hooks.example.com", 443, "/"),
        ("https://hooks.example.com:443?x=1#part", "hooks.example.com", 443, "/?x=1"),
        ("HTTPS://HOOKS.Example.com/", "hooks.example.com", 443, "/"),
        ("https://a.b.example.org/", "a.b.example.org", 443, "/"),
        ("http://10.0.0.7:9000/x", "10.0.0.7", 9000, "/x"),
        ("https://own.example.net:8443/x", "own.example.net", 8443, "/x"),
        ("https://[fd00:0::7]/x", "fd00::7", 443, "/x"),
    ],
)
def test_a_listed_host_gets_webhooks(url: str, host: str, port: int, path: str) -> None:
    target = LISTED.target(url)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",  # listed for https
        "https://hooks.example.com:8443/",
        "https://example.org/",  # a wildcard is for what is below
        "https://evilexample.org/",
        "https://hooks.example.com.evil.com/",
        "https://hooks.example.com@evil.com/",
        "https://evil.com#@hooks.example.com/",
        "https://evil.com\\@hooks.example.com/",
        "https://hooks.example.com\n.evil.com/",
        "https://hooks.example.com./",
        "https://user:password@hooks.example.com/",
        "https://10.0.0.7:9000/",
        "http://10.0.0.7/",
        "http://167772167:9000/",  # 10.0.0.7 as one number
        "https://own.example.net/",
        "https://hööks.example.com/",
        "https://hooks.example.com/ü",
        "https://a..example.org/",
        "https:///x",
        "file:///etc/passwd",
        "hooks.example.com",
        "",
    ],
)
def test_any_other_is_refused_and_the_field_is_named(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        LISTED.target(url)
    assert caught.value.field == "webhook"


@pytest.mark.parametrize(
    "entry", ["*", "*.*.example.com", "*.10.0.0.7", "ftp://a.example", "a.example/x", "a:0", "a b"]
)
def test_an_entry_that_is_no_host_is_reported_at_the_start(entry: str) -> None:
    with pytest.raises(ValidationError, match="is not a host|has no port"):
        Settings(webhook_hosts=(entry,))


def test_webhooks_are_refused_until_the_operator_has_set_both() -> None:
    secret = SecretStr("x" * 32)
    for settings in (Settings(), Settings(webhook_secret=secret), Settings(webhook_hosts=("a.example",))):
        with pytest.raises(InvalidRequest, match="OCRQ_WEBHOOK_SECRET and OCRQ_WEBHOOK_HOSTS"):
            allowed_webhook("https://a.example/", settings)
    configured = Settings(webhook_secret=secret, webhook_hosts=("a.example",))
    assert allowed_webhook("https://a.example/", configured) == "https://a.example/"
    assert allowed_webhook(None, Settings()) is None


def test_a_short_secret_is_refused_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCRQ_WEBHOOK_SECRET", "too-short-hush")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "openssl rand" in str(caught.value)
    assert "hush" not in str(caught.value)
    monkeypatch.setenv("OCRQ_WEBHOOK_SECRET", "long-enough-to-be-a-hush")
    assert "hush" not in repr(Settings())
    monkeypatch.setenv("OCRQ_WEBHOOK_SECRET", "")
    assert Settings().webhook_secret is None


PUBLIC = ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"]
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.1.2.3"]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fec0::1",
    "fd00:ec2::254",
    "ff0e::1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:a9fe:a9fe::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
]


def test_public_addresses_may_be_connected_to_and_private_ones_where_they_are_open() -> None:
    def may(address: str, private: bool) -> bool:
        return may_connect(ipaddress.ip_address(address), private=private)

    assert [address for address in PUBLIC if not may(address, False)] == []
    assert [address for address in PRIVATE + NEVER if may(address, False)] == []
    assert [address for address in PRIVATE if not may(address, True)] == []
    assert [address for address in NEVER if may(address, True)] == []


def addresses(url: str, listed: str, *found: str, private: bool = False) -> Sequence[str]:
    async def answer(host: str, port: int) -> Sequence[str]:
        return found or await resolve(host, port)

    target = AllowList.parse([listed]).target(url)
    return asyncio.run(addresses_of(target, private=private, resolve=answer))


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    assert addresses("https://a.example/", "a.example", *PUBLIC) == tuple(PUBLIC)
    with pytest.raises(AddressRefused, match="10.1.2.3"):
        addresses("https://a.example/", "a.example", *PUBLIC, "10.1.2.3")


def test_a_name_of_this_machine_is_refused_unless_private_addresses_are_open() -> None:
    with pytest.raises(AddressRefused, match="not a public address"):
        addresses("http://localhost:9/", "http://localhost:9")
    assert addresses("http://localhost:9/", "http://localhost:9", private=True)


def test_an_address_that_the_operator_listed_itself_is_taken_as_it_is() -> None:
    assert addresses("http://127.0.0.1:9/", "http://127.0.0.1:9") == ["127.0.0.1"]
