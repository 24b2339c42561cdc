"""Who really calls, when reverse proxies stand between: only what a trusted proxy says about its caller is believed."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from litestar.types import ASGIApp, Receive, Scope, Send


class TrustedProxies:
    """Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; none by default.

    Raises:
        ValueError: one of them is neither an address nor a network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(network) for network in networks]

    def __contains__(self, address: str) -> bool:
        """Say whether this address is a trusted proxy's."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)

    def caller(self, peer: str, forwarded_for: str | None) -> str:
        """Return the nearest address that is not a trusted proxy's: whatever stands left of it, the caller wrote."""
        if forwarded_for is None or peer not in self:
            return peer
        caller = peer
        for hop in reversed([part.strip() for part in forwarded_for.split(",")]):
            try:
                ip_address(hop)
            except ValueError:
                break
            caller = hop
            if hop not in self:
                break
        return caller


class CallerAddress:
    """ASGI middleware that puts the caller's address and scheme in the place of the proxy's."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as its caller sent it."""
        client: tuple[str, int] | None = scope["client"]
        if client is not None and client[0] in self._proxies:
            # Several header lines are one list (RFC 9110 section 5.3).
            forwarded_for = ",".join(_values(scope, b"x-forwarded-for")) or None
            scope["client"] = (self._proxies.caller(client[0], forwarded_for), 0)
            protocols = ",".join(_values(scope, b"x-forwarded-proto"))
            if protocols.rpartition(",")[2].strip() == "https":
                scope["scheme"] = "https"
        await self._app(scope, receive, send)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
