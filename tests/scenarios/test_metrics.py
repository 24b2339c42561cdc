"""What a server tells machines of itself: `/metrics` counts what happened, `/health` what is missing."""

import asyncio
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from seriatim.app.metrics.table import METRICS, Kind
from valkey_server import Valkey
from world import WITHIN_S, Server, serving

TOKEN = "a token of Prometheus"


async def scraped(server: Server, **headers: str) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and the values of its labels."""
    answer = await server.http.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


async def test_each_command_delivery_and_batch_is_counted(postgres_dsn: str, data_folder: Path) -> None:
    async with serving(postgres_dsn, data_folder) as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.direct(bob)
        before = await scraped(server)
        first = await ada.send(here, "hello")
        await bob.event(here)
        await ada.send(here, "hello", client_id=first["client_id"])
        await ada.send(here + 1, "to nobody")
        await bob.history(here)
        assert (await bob.http("GET", f"/v1/conversations/{here}/entries", params={"after": "0"})).status_code == 200
        after = await scraped(server)
        grown = {name: value - before.get(name, 0.0) for name, value in after.items()}
        assert grown["seriatim_commands_total", "send", "ok"] == 1
        assert grown["seriatim_commands_total", "send", "repeated"] == 1
        assert grown["seriatim_commands_total", "send", "not_found"] == 1
        assert grown["seriatim_commands_total", "fetch", "ok"] == 2, "over both ways"
        assert grown["seriatim_append_batch_messages_sum",] == 3
        assert grown["seriatim_append_batch_messages_count",] == grown["seriatim_append_duration_seconds_count",] == 3
        assert grown["seriatim_append_batch_messages_bucket", "1"] == 3
        assert grown["seriatim_events_delivered_total",] >= 2, "one message for two devices"
        assert after["seriatim_sockets",] == after["seriatim_users_connected",] == 2
        assert after["seriatim_database_healthy",] == 1
        assert after["process_resident_memory_bytes",] > 0
        assert not [name for name in after if name[0].startswith("seriatim_broker")], "it is alone"


async def test_without_the_token_only_this_machine_is_told(postgres_dsn: str, data_folder: Path) -> None:
    async with serving(postgres_dsn, data_folder, metrics_token=TOKEN) as server:
        await scraped(server)
        passed_on = {"X-Forwarded-For": "127.0.0.1"}
        for headers in (passed_on, {"Forwarded": "for=127.0.0.1"}, {"Authorization": f"Bearer {TOKEN}s"}):
            answer = await server.http.get("/metrics", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        await scraped(server, Authorization=f"Bearer {TOKEN}", **passed_on)


async def test_a_broker_that_is_away_is_told_and_no_reason_to_send_nobody_here(
    postgres_dsn: str, data_folder: Path, tmp_path: Path
) -> None:
    valkey = Valkey(tmp_path)
    async with serving(postgres_dsn, data_folder, broker_url=valkey.url) as server:
        broker = server.parts.others.broker

        async def becomes(away: bool) -> None:
            async with asyncio.timeout(WITHIN_S):
                while (broker.why_away is not None) is not away:
                    await asyncio.sleep(0.01)

        answer = await server.http.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "broker": "away"})
        ada = await server.device("ada")
        await ada.send(await ada.group(), "to nobody")
        async with asyncio.timeout(WITHIN_S):
            while not (told := await scraped(server))["seriatim_broker_news_dropped_total",]:
                await asyncio.sleep(0.05)
        assert told["seriatim_broker_connected",] == 0
        valkey.start()
        try:
            await becomes(away=False)
            assert (await server.http.get("/health")).json() == {"status": "ok"}
            told = await scraped(server)
            assert told["seriatim_broker_connected",] == 1
            told_names = {name for name, *_ in told}
            suffixes = {Kind.HISTOGRAM: "_count"}
            labelled = {metric.name for metric in METRICS if metric.labels}
            assert {one.name + suffixes.get(one.kind, "") for one in METRICS} - labelled <= told_names
        finally:
            valkey.kill()
        await becomes(away=True)
