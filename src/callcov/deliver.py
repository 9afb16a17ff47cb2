"""Deliver one webhook: sign it, refuse hostile addresses, send it once, say what happened.

Signed as Standard Webhooks 1.0 (https://www.standardwebhooks.com). The host's name is resolved once per attempt, every
address it has is judged, and the connection goes to one of the very addresses that were judged, so a name server that
answers differently the second time is never asked a second time. The request goes through httpcore2, the core of
httpx2, because its connection pool takes a network backend in public and follows no redirect, reads no proxy from the
environment and unpacks no body.
"""

from __future__ import annotations

import base64
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal

import httpcore2
import httpx2
from standardwebhooks import Webhook

from callcov.errors import BlockedAddress

LIMIT = 30.0  # seconds for a whole attempt, from resolving the name to the answer (CONTRACT §7)
DELAYS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)  # seconds, CONTRACT §7
BODY_READ = 4096  # bytes of the answer read, so that a polite receiver can finish it; nothing of it is kept
BODY_SECONDS = 1.0  # to read that in: the status has been given, and others wait to be told
PIECE = 16_384  # bytes handed to the network at once, so that a receiver that drinks slowly meets the limit too

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]

# Public by the tables of Python 3.11, yet not a place for a webhook.
NEVER: tuple[Network, ...] = (
    ip_network("192.0.0.0/24"),  # IETF assignments; a cloud keeps its metadata at 192.0.0.192
    ip_network("192.88.99.0/24"),  # relays of 6to4, withdrawn
    ip_network("168.63.129.16/32"),  # a cloud's wire server, reachable from its virtual machines only
    ip_network("2001::/23"),  # IETF assignments: Teredo, benchmarking, ORCHID
    ip_network("2002::/16"),  # 6to4: carries an IPv4 address inside
    ip_network("3fff::/20"),  # documentation
)
GLOBAL_UNICAST = ip_network("2000::/3")  # all that is routed of IPv6; leaves out NAT64, mapped, local and multicast


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: `delivered` (2xx), `retry`, or what is never tried again: `gone` (410), `given_up`.

    It is given up when nothing can be sent to the address. `status_code` is None when no answer came; `error` is one
    sentence, None when delivered.
    """

    kind: Literal["delivered", "retry", "gone", "given_up"]
    status_code: int | None
    error: str | None
    duration_ms: int


def next_delay(attempt: int, jitter: float) -> float | None:
    """Seconds to wait after the `attempt`-th attempt (from 1) failed; None when it was the last and we give up.

    `jitter` is 0..1, drawn by the caller, and moves the delay by -10 % .. +10 %, so that receivers that came back
    are not met by all senders at once.
    """
    if attempt > len(DELAYS):
        return None
    return DELAYS[attempt - 1] * (0.9 + 0.2 * jitter)


def beyond(last: int) -> int:
    """The number of an attempt that somebody asks for, when `last` was the highest: no other follows it by itself."""
    return max(last, len(DELAYS) + 1) + 1


def lookup(host: str, port: int) -> list[str]:
    """The addresses of a host in the system's order of preference; raises OSError when it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def judged(address: str, allow: tuple[Network, ...]) -> bool:
    """Whether a webhook may go to this address: it is on the public internet, or in one of the allowed networks."""
    ip: Address = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in allow):
        return True
    if not ip.is_global or ip.is_multicast or any(ip in network for network in NEVER):
        return False
    return isinstance(ip, IPv4Address) or ip in GLOBAL_UNICAST


def attempt(
    url: str,
    body: bytes,
    webhook_id: str,
    secrets: Sequence[str],
    allow: tuple[Network, ...],
    now: datetime,
    *,
    resolve: Resolver = lookup,
    limit: float = LIMIT,
    trust: ssl.SSLContext | None = None,
) -> Outcome:
    """POST a JSON body once and say what came of it; the receiver's behaviour never raises.

    `webhook_id` stays the same at every attempt; each of the `secrets` (`whsec_…`) signs; `now` (aware) is the signed
    time; `limit` is in seconds; `trust` replaces the system's certificates. Addresses outside the public internet are
    refused unless `allow` holds them. The only errors raised are our own: a secret that is not base64, a body that is
    not UTF-8.
    """
    headers = _signed(body, webhook_id, secrets, now)
    started = time.monotonic()
    status: int | None = None
    try:
        status = _post(url, headers, body, _Guard(allow, resolve, started + limit), trust)
        error = None if 200 <= status < 300 else _refusal(status)
    except BlockedAddress as blocked:
        error = str(blocked)
    except (httpx2.InvalidURL, httpcore2.UnsupportedProtocol):
        return Outcome("given_up", None, "The webhook's address is not a valid http or https URL.", 0)
    except httpcore2.TimeoutException:
        error = f"The receiver did not answer within {limit:g} seconds."
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as failure:
        error = f"The receiver could not be reached: {str(failure).rstrip('.')}."
    kind = "delivered" if error is None else "gone" if status == 410 else "retry"
    return Outcome(kind, status, error, round(1000 * (time.monotonic() - started)))


def _signed(body: bytes, webhook_id: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    moment = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(webhook_id, moment, body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "CallCov",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _refusal(status: int) -> str:
    if status == 410:
        return "The receiver answered 410: it wants no more of this."
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed."
    return f"The receiver answered {status}."


def _post(url: str, headers: dict[str, str], body: bytes, guard: _Guard, trust: ssl.SSLContext | None) -> int:
    target = httpx2.URL(url)
    if target.scheme not in ("http", "https") or not target.host:
        raise httpcore2.UnsupportedProtocol
    if target.userinfo:
        pair = f"{target.username}:{target.password}".encode()
        headers = {**headers, "authorization": "Basic " + base64.b64encode(pair).decode()}
    if target.scheme == "https" and trust is None:
        trust = httpx2.create_ssl_context(trust_env=False)
    core_url = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    with (
        httpcore2.ConnectionPool(ssl_context=trust, network_backend=guard) as pool,
        pool.stream("POST", core_url, headers=encoded, content=body) as answer,
    ):
        guard.deadline = min(guard.deadline, time.monotonic() + BODY_SECONDS)
        _drain(answer)
        return answer.status


def _drain(answer: httpcore2.Response) -> None:
    """Read a little of the body; the status has been given, so a body that breaks off changes nothing."""
    seen = 0
    try:
        for piece in answer.iter_stream():
            seen += len(piece)
            if seen >= BODY_READ:
                return
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        return


class _Guard(httpcore2.NetworkBackend):
    """Connects to judged addresses only, and lets nothing last beyond `deadline` (monotonic seconds), as it is then."""

    def __init__(self, allow: tuple[Network, ...], resolve: Resolver, deadline: float) -> None:
        self._allow = allow
        self._resolve = resolve
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline of the whole attempt is shorter
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve once, refuse if any address is not for webhooks, connect to the first that answers."""
        addresses = list(dict.fromkeys(self._addresses(host, port)))
        if not addresses:
            raise httpcore2.ConnectError(f"{host} has no address")
        if not all(judged(address, self._allow) for address in addresses):
            raise BlockedAddress(
                f"{host} is not on the public internet; the operator can permit its network in CALLCOV_WEBHOOK_ALLOW."
            )
        failure: Exception = httpcore2.ConnectTimeout()
        for tried, address in enumerate(addresses):
            share = _left(self.deadline) / (len(addresses) - tried)
            try:
                raw = httpcore2.SyncBackend().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as refused:
                failure = refused
            else:
                return _Stream(raw, self)
        raise failure

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        # The system's resolver knows no time limit, so it works beside us and is left behind when it is late.
        looking = ThreadPoolExecutor(1, thread_name_prefix="webhook-lookup")
        try:
            return looking.submit(self._resolve, host, port).result(_left(self.deadline))
        except TimeoutError as late:
            raise httpcore2.ConnectTimeout from late
        except (OSError, UnicodeError) as unknown:
            raise httpcore2.ConnectError(f"{host} could not be resolved") from unknown
        finally:
            looking.shutdown(wait=False)


class _Stream(httpcore2.NetworkStream):
    """A network stream whose every step ends by its guard's deadline, whatever timeout was asked for."""

    def __init__(self, stream: httpcore2.NetworkStream, guard: _Guard) -> None:
        self._stream = stream
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see the class
        return self._stream.read(max_bytes, _left(self._guard.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see the class
        for at in range(0, len(buffer), PIECE):
            self._stream.write(buffer[at : at + PIECE], _left(self._guard.deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - see the class
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._guard.deadline))
        return _Stream(secured, self._guard)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the signature of httpcore2
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Seconds until the deadline; raises when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ConnectTimeout
    return left
