"""Connecting to a host: to its public addresses alone, unless the operator says otherwise, and past any proxy."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from tasks.outbound.hosts import Target

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# What OCRQ_WEBHOOK_PRIVATE opens: private networks, and this machine.
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "::1/128"),
    )
)
# Metadata services outside of link-local addresses: Azure, Alibaba, AWS over IPv6.
_METADATA = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128")))
# Global to Python's ipaddress, and yet of special use or with another address inside.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/32", "2002::/16", "3fff::/20")))
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")

_TRIED = 3  # addresses of one host, should the first not answer


class AddressRefused(Exception):
    """The host has no address that may be connected to."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, in the order the system would try them.

    Raises:
        OSError: It has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def addresses_of(target: Target, *, private: bool, resolve: Resolve = resolve) -> Sequence[str]:
    """Resolve a target once; the answer is what is connected to.

    Raises:
        AddressRefused: One of its addresses may not be connected to; a mixed answer is an attempt at something.
        OSError: It has no address.
    """
    if target.trusted:
        return [target.host]
    found = await resolve(target.host, target.port)
    refused = [address for address in found if not may_connect(ipaddress.ip_address(address), private=private)]
    if refused:
        raise AddressRefused(f"{target.host} is at {', '.join(refused)}, which is not a public address")
    return found


def may_connect(address: Address, *, private: bool = False) -> bool:
    """Whether an address is public, or private and those are open.

    Link-local, multicast and metadata addresses never are. IPv4 inside of IPv6 is judged as IPv4.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in _METADATA):
        return False
    if any(address in network for network in _PRIVATE):
        return private
    if address.version == 6 and address not in _GLOBAL_V6:
        return False
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or special)


@asynccontextmanager
async def answer_of(
    target: Target,
    addresses: Sequence[str],
    method: str,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    trust: ssl.SSLContext,
    content: bytes | None = None,
) -> AsyncIterator[httpx.Response]:
    """The response, its body not read yet, of the first address of a target that can be connected to.

    The URL has the address, so nothing is resolved again; TLS asks and checks for the name. The client lives for this
    request alone: a pooled connection would be shared by all names at one address.

    Raises:
        AddressRefused: There is no address.
        httpx.HTTPError: None answers, or the one that does breaks off.
    """
    unreached: httpx.HTTPError | None = None
    sent = {"Host": target.authority, "User-Agent": "ocrq", **headers}
    for address in addresses[:_TRIED]:
        url = httpx.URL(scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode())
        async with AsyncExitStack() as stack:
            # A proxy would resolve the name itself.
            client = httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, timeout=timeout)
            await stack.enter_async_context(client)
            extensions = {"sni_hostname": target.host}
            stream = client.stream(method, url, headers=sent, content=content, extensions=extensions)
            try:
                response = await stack.enter_async_context(stream)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreached = error
                continue
            yield response
            return
    raise unreached or AddressRefused(f"{target.host} has no address")
