"""What a broker's URL may name: servers with TLS, and none that could never carry the news."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from certificates import certificate_for
from gateways import Gateway, hint, joined, running, until
from redis_tls import RedisWithTls
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.servers import UnfitServer, servers
from valkey_server import Valkey


@pytest.fixture(scope="module", params=["rediss", "rediss+cluster"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a server with TLS, without the authority that vouches for it."""
    server = RedisWithTls(tmp_path_factory.mktemp("redis"), cluster=request.param == "rediss+cluster")
    try:
        server.wait()
        yield f"{request.param}://{server.address}?ssl_ca_certs={server.certificate}"
    finally:
        server.stop()


async def test_news_passes_a_server_with_tls_whose_authority_the_url_names(url: str, tmp_path: Path) -> None:
    async with joined(url, str(tmp_path)) as ada, joined(url, str(tmp_path)) as bob:
        ada.broker.publish([hint(1)])
        await until(lambda: bob.seqs == [1])


async def test_a_server_nobody_vouches_for_is_told_nothing_and_the_log_says_why(url: str, tmp_path: Path) -> None:
    other = certificate_for(tmp_path).certificate
    ada = Gateway()
    ada.broker = RedisBroker(f"{url.partition('?')[0]}?ssl_ca_certs={other}", str(tmp_path), "e", ada.receives())
    with structlog.testing.capture_logs() as logs:
        async with running(ada):
            await until(lambda: "CERTIFICATE_VERIFY_FAILED" in f"{ada.why_away}")
            ada.broker.publish([hint(1)])
            assert ada.seqs == [1], "its own sessions have it all the same"
            await until(lambda: ada.redis.dropped_count == 1)
    (away,) = [line for line in logs if line["event"] == "broker_away"]
    assert "CERTIFICATE_VERIFY_FAILED" in away["reason"]


@asynccontextmanager
async def answering(info: str) -> AsyncGenerator[str]:
    """Run a server that says only this of itself; return its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(f"${len(info)}\r\n{info}\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_cluster_too_old_for_sharded_channels_is_refused(tmp_path: Path) -> None:
    async with answering("redis_version:6.2.14\r\ncluster_enabled:1\r\n") as address:
        broker = RedisBroker(f"redis+cluster://{address}", str(tmp_path), "e", Gateway().receives())
        with pytest.raises(UnfitServer, match=r"broker_url: the cluster runs version 6\.2\.14; Redis 7 or newer"):
            await broker.check()


async def test_a_single_server_is_no_cluster(tmp_path: Path) -> None:
    async with answering("redis_version:7.2.4\r\ncluster_enabled:0\r\n") as address:
        broker = RedisBroker(f"redis+cluster://{address}", str(tmp_path), "e", Gateway().receives())
        with pytest.raises(UnfitServer, match="its URL begins with redis://"):
            await broker.check()


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://here", "it is redis://"),
        ("redis+cluster://", "names its nodes"),
        ("redis+cluster://one:6379,", "names its nodes"),
        ("redis://here:port", "Port"),
        ("redis://here?colour=red", "unknown: 'colour'"),
        ("redis+cluster://one?colour=red", "unknown: 'colour'"),
    ],
)
def test_a_url_that_names_nothing_is_refused_in_words(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        servers(url)


async def test_a_password_that_is_wrong_is_told_and_the_right_one_opens(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    valkey.start()
    try:
        valkey.ask("CONFIG", "SET", "requirepass", "right")
        socket = valkey.url.removeprefix("unix://")
        ada = Gateway()
        ada.broker = RedisBroker(f"unix://:wrong@{socket}", str(tmp_path), "e", ada.receives())
        async with running(ada):
            await until(lambda: "invalid username-password pair" in f"{ada.why_away}")
        async with joined(f"unix://:right@{socket}", str(tmp_path)):
            pass
    finally:
        valkey.kill()
