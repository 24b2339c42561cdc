"""The one way out cannot be led inside: every vector ends before a connection; the backend here could not dial anyway.

Pass means that nothing was dialled, not that something was raised. A control reaches the backend.
"""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from seriatim.core.addresses import Address
from seriatim.storage.egress import BODY_BYTES, Egress, Refused, Unreachable

PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Undialled(httpcore.AsyncNetworkBackend):
    """Cannot dial: notes who was wanted, and either fails or answers from a script."""

    def __init__(self, *answers: bytes) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def connect_tcp(self, host: str, port: int, *_args: Any, **_kwargs: Any) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if not self._answers:
            raise httpcore.ConnectError("this backend cannot dial")
        return httpcore.AsyncMockStream([self._answers.pop(0)])


class Names:
    """A resolver that knows these names; several answers in a row for one that changes its mind."""

    def __init__(self, **known: Iterable[str] | list[list[str]]) -> None:
        self._known = known
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[Address]:
        self.asked.append(host)
        answers: Any = self._known.get(host.replace(".", "_"))
        if answers is None:
            return [ip_address(host)]  # an address stands for itself
        if answers and isinstance(answers[0], list):
            answers = answers.pop(0)
        return [ip_address(answer) for answer in answers]


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


# Given to the system's own resolver: whatever it reads in them is what would be dialled.
_SPELLINGS = """
127.0.0.1 127.1 0 0.0.0.0 2130706433 0x7f.1 0x7f000001 017700000001 0177.0.0.1 127.0.0.1. localhost LOCALHOST
10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 169.254.169.254 169.254.170.2 2852039166 0xa9fea9fe
172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.170 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16
"""
_SPELLINGS_6 = """
:: ::1 ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:93.184.215.14
::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 100::1 100:0:0:1::1
2001::1 2001:0:7f00:1::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe::1
3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::a9fe:a9fe fe80::1%1 fec0::1
ff02::1 ff0e::1
"""
SPELLINGS, SPELLINGS_6 = _SPELLINGS.split(), _SPELLINGS_6.split()


@pytest.mark.parametrize("address", [*SPELLINGS, *SPELLINGS_6])
async def test_no_spelling_of_an_inner_address_is_dialled(address: str) -> None:
    backend = Undialled()
    host = f"[{address}]" if ":" in address else address
    with pytest.raises((Refused, Unreachable)):
        await Egress(dial=backend).request("GET", f"http://{host}/")  # by the system's own resolver
    with pytest.raises((Refused, Unreachable)):
        await Egress(dial=backend).request("GET", f"https://{host}/")
    assert backend.dialled == []


@pytest.mark.parametrize("address", [address for address in SPELLINGS_6 if "%" not in address])
async def test_no_inner_address_that_a_name_leads_to_is_dialled(address: str) -> None:
    backend = Undialled()
    with pytest.raises(Refused) as refused:
        await Egress(dial=backend, resolve=Names(inside_example=[address])).request("GET", "http://inside.example/")
    assert (refused.value.reason, backend.dialled) == ("address", [])


@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_6])
async def test_a_public_address_is_dialled(address: str) -> None:
    """Guard the tests above: this backend is reached when nothing is wrong."""
    backend, names = Undialled(), Names(public_example=[address])
    with pytest.raises(Unreachable):
        await Egress(dial=backend, resolve=names).request("GET", "https://public.example/path")
    assert backend.dialled == [(address, 443)], "the checked address, not the name"
    assert names.asked == ["public.example"], "looked up once"


@pytest.mark.parametrize("inner", ["10.0.0.1", "::1", "169.254.169.254"])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_inner_answer_among_public_ones_refuses_the_name(inner: str, place: int) -> None:
    answers = [PUBLIC, PUBLIC_6]
    answers.insert(place, inner)
    backend = Undialled()
    with pytest.raises(Refused):
        await Egress(dial=backend, resolve=Names(mixed_example=answers)).request("GET", "http://mixed.example/")
    assert backend.dialled == []


async def test_a_name_that_answers_otherwise_the_second_time_gets_no_second_time() -> None:
    backend = Undialled(answer("200 OK", body=b"fine"))
    names = Names(rebinding_example=[[PUBLIC], ["127.0.0.1"]])
    egress = Egress(dial=backend, resolve=names)
    assert (await egress.request("GET", "http://rebinding.example/")).body == b"fine"
    assert (backend.dialled, names.asked) == ([(PUBLIC, 80)], ["rebinding.example"])
    with pytest.raises(Refused):  # no connection is kept: the next request looks again
        await egress.request("GET", "http://rebinding.example/")
    assert backend.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://93.184.215.14/",
        "ftp://93.184.215.14/",
        "ws://93.184.215.14/",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
        "//93.184.215.14/",
        "93.184.215.14",
        "http://",
        "http:///path",
        "http://:80/",
        "http://user@93.184.215.14/",
        "http://user:word@93.184.215.14/",
        "http://93.184.215.14@127.0.0.1/",
        "http://93.184.215.14\\@127.0.0.1/",
        "http://93.184.215.14 .example/",
        "http://93.184.215.14/\r\nHost: inside",
        "http://93.184.215.14/\x00",
        "http://93.184.215.14:99999/",
        "http://93.184.215.14:port/",
        "http://[::1/",
        "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "http://127。0。0。1/",
        "http://93.184.215.14/" + 1_000 * "a",
    ],
)
async def test_what_is_no_plain_url_is_not_called(url: str) -> None:
    backend = Undialled()
    with pytest.raises(Refused) as refused:
        await Egress(dial=backend, resolve=Names()).request("GET", url)
    assert (refused.value.reason, backend.dialled) == ("url", [])


@pytest.mark.parametrize("port", [0x16, 25, 5432, 6379, 8000, 8443])
async def test_only_the_ports_of_the_web_are_dialled(port: int) -> None:
    backend = Undialled()
    with pytest.raises(Refused) as refused:
        await Egress(dial=backend, resolve=Names()).request("GET", f"http://{PUBLIC}:{port}/")
    assert (refused.value.reason, backend.dialled) == ("port", [])


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "//169.254.169.254/latest/meta-data",
        "http://inside.example/",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_checked_as_a_url_of_its_own(status: str, location: str) -> None:
    backend = Undialled(answer(status, f"Location: {location}"))
    names = Names(public_example=[PUBLIC], inside_example=["10.1.2.3"])
    with pytest.raises(Refused):
        await Egress(dial=backend, resolve=names).request("GET", "http://public.example/")
    assert backend.dialled == [(PUBLIC, 80)]


async def test_three_redirects_are_followed_and_not_a_fourth() -> None:
    turns = [answer("302 Found", f"Location: /{turn}") for turn in range(4)]
    backend = Undialled(*turns[:3], answer("200 OK", body=b"there"))
    names = Names(public_example=[PUBLIC])
    assert (await Egress(dial=backend, resolve=names).request("GET", "http://public.example/")).body == b"there"
    assert names.asked == 4 * ["public.example"], "looked up and checked anew each time"
    backend = Undialled(*turns)
    with pytest.raises(Refused) as refused:
        await Egress(dial=backend, resolve=names).request("GET", "http://public.example/")
    assert (refused.value.reason, len(backend.dialled)) == ("redirects", 4)


async def test_a_post_is_repeated_only_where_http_says_so() -> None:
    backend = Undialled(answer("302 Found", "Location: /other"), answer("200 OK"))
    egress = Egress(dial=backend, resolve=Names())
    assert (await egress.request("POST", f"http://{PUBLIC}/", content=b"words")).status == 302
    backend = Undialled(answer("307 Temporary", "Location: /other"), answer("200 OK"))
    egress = Egress(dial=backend, resolve=Names())
    assert (await egress.request("POST", f"http://{PUBLIC}/", content=b"words")).status == 200


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    backend = Undialled()
    with pytest.raises(Unreachable):
        await Egress(dial=backend, resolve=Names()).request("GET", f"http://{PUBLIC}/")
    assert backend.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (answer("200 OK", body=b"a" * (BODY_BYTES + 1)), "answer_bytes"),
        (answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"words")), "encoding"),
    ],
)
async def test_an_answer_has_bounds(sent: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        await Egress(dial=Undialled(sent), resolve=Names()).request("GET", f"http://{PUBLIC}/")
    assert refused.value.reason == reason
    whole = answer("200 OK", body=b"a" * BODY_BYTES)
    assert (
        len((await Egress(dial=Undialled(whole), resolve=Names()).request("GET", f"http://{PUBLIC}/")).body)
        == BODY_BYTES
    )


@asynccontextmanager
async def slow_receiver(host: str) -> AsyncGenerator[int]:
    """Listen, and answer a path `/ok` at once and everything else never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/ok" in await reader.readline():
            writer.write(answer("200 OK", body=b"hello"))
            await writer.drain()
        else:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, host, 0) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_a_network_is_opened_by_name_with_all_its_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only test that dials: to loopback, which the setting opens."""
    monkeypatch.setattr("seriatim.storage.egress.WITHIN_S", 0.3)
    async with slow_receiver("127.0.0.1") as port:
        with pytest.raises(Refused):
            await Egress().request("GET", f"http://127.0.0.1:{port}/ok")
        with pytest.raises(Refused):
            await Egress(["10.0.0.0/8"]).request("GET", f"http://127.0.0.1:{port}/ok")
        egress = Egress(["127.0.0.0/8"])
        assert await egress.request("GET", f"http://127.0.0.1:{port}/ok") == (200, b"hello")
        with pytest.raises(Unreachable):  # 3 s, shortened here
            await egress.request("GET", f"http://127.0.0.1:{port}/never")
        with pytest.raises(Refused):
            await egress.request("GET", f"http://[::ffff:127.0.0.1]:{port}/ok")
    with pytest.raises(ValueError, match="nonsense"):
        Egress(["nonsense"])


async def test_this_machines_own_addresses_are_not_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seriatim.core.addresses.DENIED_4", ())  # as if 127.0.0.1 were a public address of ours
    backend = Undialled()
    with pytest.raises(Refused):
        await Egress(dial=backend, resolve=Names()).request("GET", "http://127.0.0.1/")
    assert backend.dialled == []
