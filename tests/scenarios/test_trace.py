"""The way of one message: every hop named, in order, with its costs."""

from collections import Counter

from seriatim.core.trace import Hop, set_sink
from world import Server

ACCEPT_AND_DELIVER = [hop.value for hop in Hop]


async def test_a_traced_send_passes_every_hop_in_order(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    sent = await ada.send(here, "where did the time go", trace=True)
    hops = sent["trace"]
    assert [hop["hop"] for hop in hops] == ACCEPT_AND_DELIVER[:-1], "its write is still to come"
    times = [hop["at_us"] for hop in hops]
    assert times == sorted(times)
    answer = await ada.http("GET", f"/v1/conversations/{here}/entries/{sent['seq']}/trace")
    hops = answer.json()["hops"]
    assert [hop["hop"] for hop in hops] == ACCEPT_AND_DELIVER
    total = {what: sum(hop.get(what, 0) for hop in hops) for what in ("network", "statements", "rows", "commits")}
    # In: one frame. To PostgreSQL and back: two. Out: one write for each of the two sessions.
    assert total == {"network": 5, "statements": 1, "rows": 3, "commits": 1}


async def test_only_readers_of_the_conversation_see_its_traces(server: Server) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.direct(bob)
    sent = await ada.send(here, "ours", trace=True)
    path = f"/v1/conversations/{here}/entries/{sent['seq']}/trace"
    assert (await bob.http("GET", path)).status_code == 200
    refused = await eve.http("GET", path)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    plain = await ada.send(here, "not traced")
    assert "trace" not in plain
    missing = await ada.http("GET", f"/v1/conversations/{here}/entries/{plain['seq']}/trace")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


async def test_a_traced_send_over_http_shows_its_hops_in_the_answer(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    body = {"body": "hi", "trace": True, "client_id": "01890000-0000-7000-8000-000000000001"}
    answer = await ada.http("POST", f"/v1/conversations/{here}/send", json=body)
    assert {hop["hop"] for hop in answer.json()["trace"]} >= set(ACCEPT_AND_DELIVER) - {"decode", "write"}
    kept = await ada.http("GET", f"/v1/conversations/{here}/entries/{answer.json()['seq']}/trace")
    assert kept.json()["hops"][-1]["hop"] == "write"


async def test_a_sink_sees_every_hop_of_every_send(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    seen: Counter[Hop] = Counter()
    set_sink(lambda hop: seen.update([hop]))
    try:
        await ada.send(here, "not sampled")
    finally:
        set_sink(None)
    assert set(seen) == set(Hop), "a crash point can be set at each hop"
