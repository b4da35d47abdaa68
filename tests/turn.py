"""A real coturn with the installation's own configuration, and just enough STUN to see what it answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import shutil
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from aioice.ice import get_host_addresses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from telemed.relay import credentials
from tests.processes import ROOT, free_port

CONFIGURATION = ROOT / "deploy" / "turnserver.conf"
PROGRAM = shutil.which("turnserver") or "/usr/bin/turnserver"
COOKIE = 0x2112A442
LOOPBACK = ("--allow-loopback-peers", "--allowed-peer-ip=127.0.0.1", "--no-cli")
"""For calls between two participants on this machine, who both are relayed at 127.0.0.1. coturn then wants no CLI."""


def _own_addresses() -> tuple[str, ...]:
    """This machine's own, as aiortc finds them."""
    return tuple(f"--allowed-peer-ip={address}" for address in get_host_addresses(use_ipv4=True, use_ipv6=True))


RELAYED_HERE = (*LOOPBACK, *_own_addresses())
"""For a participant that aiortc plays: it is found at this machine's other addresses, of which many are private."""


@dataclass
class Relay:
    """A running coturn."""

    host: str
    port: int
    tls_port: int
    secret: str
    log: Path

    @property
    def urls(self) -> tuple[str, ...]:
        return (f"turn:{self.host}:{self.port}?transport=udp",)

    @property
    def streams(self) -> tuple[str, ...]:
        """Over TCP and over TLS, the latter with a certificate that nobody has signed."""
        return (f"turn:{self.host}:{self.port}?transport=tcp", f"turns:{self.host}:{self.tls_port}?transport=tcp")


@asynccontextmanager
async def relay(directory: Path, host: str = "127.0.0.1", *options: str) -> AsyncIterator[Relay]:
    """coturn on `host`, relaying from there and from ::1, with `deploy/turnserver.conf` and more `options`."""
    started = Relay(host, free_port(), free_port(), secrets.token_hex(16), directory / "turn.log")
    certificate = _certificate(directory)
    with started.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "-c", str(CONFIGURATION), f"--static-auth-secret={started.secret}", "--realm=telemed.test",
            f"--listening-ip={host}", f"--listening-port={started.port}", f"--relay-ip={host}", "--relay-ip=::1",
            f"--tls-listening-port={started.tls_port}", f"--cert={certificate}", f"--pkey={certificate}",
            f"--pidfile={directory / 'turn.pid'}", f"--userdb={directory / 'turn.db'}", *options,
            stdout=log, stderr=log, cwd=directory,
        )  # fmt: skip
        try:
            await _ready(started, process)
            await _log_in(started)
            yield started
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _certificate(directory: Path) -> Path:
    """Key and self-signed certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "turn.telemed.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
    ).sign(key, hashes.SHA256())
    file = directory / "turn.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def _ready(started: Relay, process: asyncio.subprocess.Process) -> None:
    for _ in range(100):
        assert process.returncode is None, started.log.read_text()
        with suppress(OSError):
            _, writer = await asyncio.open_connection(started.host, started.port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"coturn does not answer: {started.log.read_text()}")


async def _log_in(started: Relay) -> None:
    """coturn makes its SQLite file at the first login; of two at once it would refuse one (database is locked)."""
    async with Turn.to(started, *credentials(started.secret, "first", timedelta(minutes=1))) as client:
        assert await client.allocate() == 0, started.log.read_text()


class Turn(asyncio.DatagramProtocol):
    """One TURN client (RFC 8656) over UDP. Each request returns the error code, or 0."""

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username, password
        self._realm = self._nonce = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    @asynccontextmanager
    async def to(cls, relay: Relay, username: str, password: str) -> AsyncIterator[Turn]:
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_datagram_endpoint(
            lambda: cls(username, password), remote_addr=(relay.host, relay.port)
        )
        client._transport = transport
        try:
            yield client
        finally:
            transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(data)

    async def binding(self) -> int:
        """A plain STUN request."""
        self._transaction = secrets.token_bytes(12)
        return await self._request(0x0001)

    async def allocate(self, family: int = 1) -> int:
        """REQUESTED-TRANSPORT UDP; REQUESTED-ADDRESS-FAMILY 1 (IPv4) or 2."""
        wish = _attribute(0x0019, b"\x11\0\0\0") + _attribute(0x0017, bytes([family, 0, 0, 0]))
        self._transaction = secrets.token_bytes(12)
        return await self._authenticated(0x0003, wish)

    async def refresh(self) -> int:
        """Ten minutes more for what was allocated; 437: there is nothing any more."""
        self._transaction = secrets.token_bytes(12)
        return await self._authenticated(0x0004, _attribute(0x000D, struct.pack("!I", 600)))

    async def permit(self, peer: str) -> int:
        """CreatePermission: may that address be sent to?"""
        return await self._authenticated(0x0008, _attribute(0x0012, self._address(ip_address(peer))))

    async def _authenticated(self, method: int, attributes: bytes) -> int:
        if not self._nonce:
            assert await self._request(method, attributes) == 401  # tells realm and nonce
        return await self._request(method, attributes, sign=True)

    def _address(self, peer: IPv4Address | IPv6Address) -> bytes:
        self._transaction = secrets.token_bytes(12)
        mask = struct.pack("!I", COOKIE) + self._transaction
        masked = bytes(a ^ b for a, b in zip(peer.packed, mask, strict=False))
        return struct.pack("!BBH", 0, 1 if peer.version == 4 else 2, 9 ^ COOKIE >> 16) + masked

    _transaction = b""

    async def _request(self, method: int, attributes: bytes = b"", *, sign: bool = False) -> int:
        assert self._transport is not None
        if sign:
            attributes += _attribute(0x0006, self._username.encode())
            attributes += _attribute(0x0014, self._realm) + _attribute(0x0015, self._nonce)
            head = struct.pack("!HHI", method, len(attributes) + 24, COOKIE) + self._transaction
            key = hashlib.md5(b":".join((self._username.encode(), self._realm, self._password.encode()))).digest()
            attributes += _attribute(0x0008, hmac.new(key, head + attributes, "sha1").digest())
        self._answer = asyncio.get_running_loop().create_future()
        request = struct.pack("!HHI", method, len(attributes), COOKIE) + self._transaction + attributes
        for patience in (1, 2, 7):  # a datagram may be lost, also on a busy machine (RFC 8489 section 6.2.1)
            self._transport.sendto(request)
            if (await asyncio.wait({self._answer}, timeout=patience))[0]:
                break
        found = _attributes(await asyncio.wait_for(self._answer, 0))
        self._realm, self._nonce = found.get(0x0014, self._realm), found.get(0x0015, self._nonce)
        error = found.get(0x0009)
        return error[2] * 100 + error[3] if error else 0


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def _attributes(message: bytes) -> dict[int, bytes]:
    found, at = {}, 20
    while at + 4 <= len(message):
        kind, length = struct.unpack_from("!HH", message, at)
        found[kind] = message[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
    return found
