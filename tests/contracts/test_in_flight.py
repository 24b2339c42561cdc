"""Commands and fetches in flight: how many wait for their answer at once."""

from seriatim.core.ids import uuid7
from seriatim.protocol.limits import FETCHES_IN_FLIGHT, LIMITS
from seriatim.storage.postgres.database import Database
from world import Server


async def test_the_hundred_and_first_unanswered_command_is_refused(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    most = LIMITS.commands_in_flight
    keys = [str(uuid7()) for _ in range(most + 1)]
    async with database.transaction() as connection:
        await connection.execute("select from conversations where id = %s for update", [here])
        for number, key in enumerate(keys):
            await ada.say(type="send", id=1_000 + number, conversation_id=here, client_id=key, body=str(number))
        refused = await ada.next("sent", "error")
        assert (refused["id"], refused["code"], refused["reason"]) == (1_000 + most, "rate_limited", "in_flight")
        assert refused["retry_after_ms"] > 0
    assert [(await ada.next("sent"))["id"] for _ in range(most)] == list(range(1_000, 1_000 + most))
    again = await ada.send(here, str(most), client_id=keys[-1])
    assert (again["type"], again["seq"]) == ("sent", most + 2)


async def test_a_device_has_at_most_four_fetches_in_flight(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    places = [await ada.group() for _ in range(FETCHES_IN_FLIGHT + 1)]
    async with database.transaction() as connection:
        await connection.execute("lock table members in access exclusive mode")
        for number, here in enumerate(places):
            await ada.say(type="fetch", id=1_000 + number, conversation_id=here)
        refused = await ada.next("page", "error")
        assert (refused["id"], refused["code"]) == (1_000 + FETCHES_IN_FLIGHT, "rate_limited")
        assert refused["reason"] == "fetches_in_flight"
        over_http = await ada.http("GET", f"/v1/conversations/{places[0]}/entries")
        assert (over_http.status_code, over_http.json()["code"]) == (429, "rate_limited"), "by whatever door"
        listed = await ada.http("GET", "/v1/conversations")
        assert (listed.status_code, listed.json()["reason"]) == (429, "fetches_in_flight"), "lists are reads too"
    answered = {(await ada.next("page"))["id"] for _ in range(FETCHES_IN_FLIGHT)}
    assert answered == set(range(1_000, 1_000 + FETCHES_IN_FLIGHT))
    assert (await ada.ask("fetch", conversation_id=places[-1]))["type"] == "page"
