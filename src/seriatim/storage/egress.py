"""The one way out: every request that the server makes to an address which somebody gave it.

A name is resolved once, every answer is checked, and the connection goes to the checked address: between check and use
there is no second look-up that could answer otherwise. What is checked is what is dialled, so no reading of a URL is
trusted; each redirect begins anew.
"""

import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urljoin

import httpcore
from anyio import CapacityLimiter, fail_after, to_thread

from seriatim.core.addresses import Address, Network, is_public, is_within, networks

PORTS: Final = frozenset({80, 443})
REDIRECTS: Final = 3
BODY_BYTES: Final = 512 * 1024
"""Of an answer; a longer one is refused."""
URL_BYTES: Final = 1_000
WITHIN_S: Final = 3.0
"""For everything together: names, connections, redirects, the answer."""
CONNECT_WITHIN_S: Final = 1.5
LOOK_UPS: Final = 8
"""Names that are looked up at once; a resolver that hangs holds no more threads than these."""
SEE_OTHER: Final = frozenset({301, 302, 303})
SAME_AGAIN: Final = frozenset({307, 308})

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""All addresses of a host; raises OSError when there is none."""


class Refused(Exception):
    """We do not call this: `reason` is `url`, `address`, `port`, `redirects`, `encoding` or `answer_bytes`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Unreachable(Exception):
    """Nothing answered in time, or not in HTTP; another time it may."""


class Answer(NamedTuple):
    """What came back, whatever its status."""

    status: int
    body: bytes


class Egress:
    """Makes requests to public addresses on ports 80 and 443, and to `allow`ed networks on any port.

    Uses no proxy of the environment, keeps no connection and no cookie, and asks for no compression.
    Bounds: 3 s, 3 redirects, 512 KiB of answer, a URL of 1,000 bytes.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        *,
        resolve: Resolve | None = None,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Open besides the public addresses these networks; tests give another resolver and another way to dial.

        Raises:
            ValueError: `allow` holds what is no network.
        """
        self._backend = _Pinned(networks(allow), resolve or _Resolver(), dial or _dialling())

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Ask, follow redirects, and return the answer.

        A redirect keeps method and content where HTTP says so (307, 308). Where it does not, only a GET follows: for
        anything else the answer is the redirect itself.

        Raises:
            Refused: the address is not ours to call, or the answer is too large or encoded.
            Unreachable: nothing answered.
        """
        try:
            with fail_after(WITHIN_S):
                for _ in range(REDIRECTS + 1):
                    answer, location = await self._once(method, check_url(url), headers or {}, content)
                    if location is None or not (answer.status in SAME_AGAIN or method == "GET"):
                        return answer
                    url = urljoin(url, location)
        except TimeoutError:
            raise Unreachable(f"no answer within {WITHIN_S:g} s") from None
        raise Refused("redirects", f"more than {REDIRECTS} redirects")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[Answer, str | None]:
        sent = [*headers.items(), ("Accept-Encoding", "identity")]
        extensions: dict[str, Any] = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), WITHIN_S)}
        pool = httpcore.AsyncConnectionPool(
            ssl_context=_certificates() if url.lower().startswith("https:") else None,
            max_keepalive_connections=0,
            network_backend=self._backend,
        )
        try:
            async with (
                pool,
                pool.stream(method, url, headers=sent, content=content or None, extensions=extensions) as response,
            ):
                body = await _body(response)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        except httpcore.UnsupportedProtocol:
            raise Refused("url", "only http and https are called") from None
        location = _header(response, b"location")
        if location is None or response.status not in SEE_OTHER | SAME_AGAIN:
            return Answer(response.status, body), None
        return Answer(response.status, body), location.decode("latin-1")


def check_url(url: str) -> str:
    """Return the URL, if it is one that can be asked for as it stands; where it leads is seen when it is called.

    Raises:
        Refused: `url`.
    """
    if len(url) > URL_BYTES or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused("url", f"a URL has at most {URL_BYTES} characters of ASCII")
    authority = url.partition("://")[2].partition("/")[0]
    if url.partition("://")[0].lower() not in ("http", "https") or not authority:
        raise Refused("url", "a URL begins with http:// or https:// and a host")
    if "@" in authority or "\\" in authority:
        raise Refused("url", "a URL holds no user name")
    try:
        parsed = httpcore.URL(url)
    except (ValueError, httpcore.UnsupportedProtocol):
        raise Refused("url", "this is no URL") from None
    if not parsed.host:
        raise Refused("url", "a URL names a host")
    return url


@cache
def _certificates() -> SSLContext:
    context = httpcore.default_ssl_context()
    context.load_default_certs()  # an authority of one's own stands in the system's store
    return context


def _dialling() -> httpcore.AsyncNetworkBackend:
    return cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to an address that it has looked up and checked itself, whatever name the URL gave."""

    def __init__(self, allowed: tuple[Network, ...], resolve: Resolve, dial: httpcore.AsyncNetworkBackend) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check every answer, and connect to the first."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"there is no address for {host}") from error
        if not found:
            raise Unreachable(f"there is no address for {host}")
        for address in found:
            self._check(address, port)
        within_s = min(timeout or CONNECT_WITHIN_S, CONNECT_WITHIN_S)
        return await self._dial.connect_tcp(str(found[0]), port, within_s, local_address, socket_options)

    def _check(self, address: Address, port: int) -> None:
        if is_within(address, self._allowed):
            return
        if not is_public(address) or _is_own(address):
            raise Refused("address", "this address is not on the open internet")
        if port not in PORTS:
            raise Refused("port", "only ports 80 and 443 are called")


class _Resolver:
    """The system's resolver, in few threads of its own."""

    def __init__(self) -> None:
        self._threads: CapacityLimiter | None = None

    async def __call__(self, host: str, port: int) -> list[Address]:
        """Return all addresses; it reads every spelling of an address that the system would dial."""
        if self._threads is None:
            self._threads = CapacityLimiter(LOOK_UPS)
        found = await to_thread.run_sync(_look_up, host, port, limiter=self._threads, abandon_on_cancel=True)
        return [ip_address(text) for text in found]


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _family, _type, _protocol, _name, sockaddr in found]


def _is_own(address: Address) -> bool:
    """Say whether this machine has the address: what it offers to itself is not meant for strangers."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - of IP
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))  # sends nothing; only an own address can be bound
    except OSError:
        return False
    return True


async def _body(response: httpcore.Response) -> bytes:
    if (_header(response, b"content-encoding") or b"identity").lower() != b"identity":
        raise Refused("encoding", "the answer is compressed, though we asked for it as it is")
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise Refused("answer_bytes", f"the answer has more than {BODY_BYTES} bytes")
    return bytes(body)


def _header(response: httpcore.Response, wanted: bytes) -> bytes | None:
    return next((value for name, value in response.headers if name.lower() == wanted), None)
