"""The filter of IP addresses for untrusted URLs, and the lookup of a host's addresses."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

IPAddress = IPv4Address | IPv6Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""A function from host and port to the text of each IP address of the host, the preferred one first.

It raises OSError if the host has no address.
"""

# IANA's special-purpose registry and further special blocks. Blocks that are not global in Python's `ipaddress` are
# repeated, because its list has changed between versions of Python; this list must not change with it.
_BLOCKED_IPV4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; Linux treats 0.0.0.0 as the local host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform, reachable from each of its machines
        "169.254.0.0/16",  # link-local; most clouds' metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_GLOBAL_UNICAST_IPV6: Final = IPv6Network("2000::/3")
"""The IPv6 addresses that IANA allocates for global unicast, without loopback, mapped, local and multicast blocks."""

_BLOCKED_IPV6: Final = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which embeds an IPv4 address
        "3ffe::/16",  # 6bone, returned
        "3fff::/20",  # documentation
    )
)

_NAT64_PREFIX: Final = IPv6Network("64:ff9b::/96")
"""The prefix that embeds IPv4 addresses, through which networks without IPv4 reach most of the web."""

_ISATAP_IDENTIFIERS: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""The upper halves of interface identifiers whose lower half is the IPv4 address of a tunnel."""


def is_public(address: IPAddress) -> bool:
    """Return whether an address is globally reachable unicast and not a tunnel to an address that is not."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _BLOCKED_IPV4)
    if address.scope_id is not None:
        return False
    if address in _NAT64_PREFIX:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _GLOBAL_UNICAST_IPV6 or any(address in block for block in _BLOCKED_IPV6):
        return False
    return address.is_global and int(address) >> 32 & 0xFFFF_FFFF not in _ISATAP_IDENTIFIERS


class DNSResolver:
    """A `Resolver` that uses the system's resolver in its own threads, so that a slow DNS server blocks nothing else.

    Args:
        timeout: The largest number of seconds for a lookup, including the wait for a thread.
        num_threads: The number of concurrent lookups; a waiting lookup is dropped when its time is over.
    """

    def __init__(self, *, timeout: float = 5.0, num_threads: int = 8) -> None:
        self._timeout = timeout
        self._executor = ThreadPoolExecutor(num_threads, thread_name_prefix="mememoji-dns")

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return the text of each IP address of a host, in the system's order.

        Raises:
            OSError: The host has no address.
            TimeoutError: The lookup took too long.
        """
        async with asyncio.timeout(self._timeout):
            return await asyncio.get_running_loop().run_in_executor(self._executor, _look_up, host, port)

    def close(self) -> None:
        """Accept no more lookups. Return at once, even if a lookup hangs."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
