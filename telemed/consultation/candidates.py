"""Which candidates are passed on: those that can be read (RFC 8839 section 5.1) and lead to where people are.

A page that tries a candidate sends packets there. So nobody's candidate may name the other one's own machine, its link
or a whole group; what is dropped here is not missed, since no such address leads to another machine's page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from telemed.consultation.messages import CANDIDATES_LIMIT
from telemed.settings import Settings

IN_DESCRIPTION = 2 * CANDIDATES_LIMIT  # candidates in one description
_LINE = re.compile(
    r"(?:a=)?candidate:[A-Za-z0-9+/]{1,32} [1-9]\d{0,2} (?:udp|tcp) \d{1,10}"
    r" (?P<address>[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9-]{1,63}\.local) (?P<port>\d{1,5})"
    r" typ (?:host|srflx|prflx|relay)(?: [\x21-\x7e]+)*\Z",
    re.IGNORECASE,
)


class Candidates:
    """What this installation passes on."""

    def __init__(self, settings: Settings) -> None:
        self._networks = [ip_network(network) for network in settings.candidate_networks]
        # A relay on this very machine is somebody trying things out, with nobody else's machine to protect.
        hosts = (urlsplit(url.replace(":", "://", 1)).hostname or "" for url in settings.turn_urls)
        self._loopback = any(host == "localhost" or host.startswith("127.") for host in hosts)
        self.leads_out = lru_cache(maxsize=4096)(self._leads_out)

    @staticmethod
    def readable(line: str) -> bool:
        """Whether it is a candidate; the empty one that ends the gathering is."""
        found = _LINE.match(line)
        return line == "" or (found is not None and int(found["port"]) < 1 << 16)

    def passes(self, line: str) -> bool:
        """Whether a readable candidate is passed on. A `.local` name leads nowhere but to its own network."""
        found = _LINE.match(line)
        return found is None or found["address"].lower().endswith(".local") or self.leads_out(found["address"])

    def _leads_out(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if self._networks:
            return any(ip in network for network in self._networks)
        if ip.is_loopback:
            return self._loopback
        return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) == "255.255.255.255")

    def description(self, sdp: str) -> str:
        """A description without the candidates that are not passed on."""
        if "a=candidate:" not in sdp:
            return sdp
        lines = sdp.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("a=candidate:") or self.passes(line.strip()))
