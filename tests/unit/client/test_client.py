import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seriatim.client import Client, History
from seriatim.client.http import Http
from seriatim.client.store import MemoryStore
from seriatim.core.ids import DeviceId, UserId
from seriatim.protocol.resources import Credentials

MOST = 13


def test_what_a_device_can_do_fits_on_a_page() -> None:
    public = [name for name, _ in inspect.getmembers_static(Client) if not name.startswith("_")]
    assert len(public) <= MOST, public


@pytest.mark.parametrize("begin", [Client.sign_up, Client.log_in, Client.open])
async def test_every_way_to_begin_takes_how_much_of_the_past_is_wanted(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def credentials(*_: Any) -> Credentials:
        ends = datetime.now(UTC) + timedelta(minutes=10)
        return Credentials(
            user_id=UserId(1),
            device_id=DeviceId(2),
            name="ada",
            access_token="a",
            expires_at=ends,
            refresh_token="r",
        )

    monkeypatch.setattr(Http, "sign_up", credentials)
    monkeypatch.setattr(Http, "log_in", credentials)
    store = MemoryStore()
    for wanted in History:
        client = await begin("http://here.test", "ada", "a long password", store=store, history=wanted)
        assert client._link._history is wanted
        await client.http.close()
    store.close()
