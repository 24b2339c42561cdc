from datetime import UTC, datetime, timedelta

import pytest

from seriatim.client.access import LEAST_WAIT_S, SPARE_S, Access
from seriatim.client.http import Http
from seriatim.client.store import MemoryStore
from seriatim.core.clock import ManualClock
from seriatim.core.ids import DeviceId, UserId
from seriatim.protocol.limits import TOKEN_LIFE_S
from seriatim.protocol.resources import Credentials

START = datetime(2026, 1, 1, tzinfo=UTC)


class Refreshing(Http):
    """Gives numbered tokens that live as long as it is told."""

    def __init__(self, clock: ManualClock, life_s: float) -> None:
        super().__init__("http://nowhere.test")
        self.clock, self.life_s, self.count = clock, life_s, 0

    def credentials(self) -> Credentials:
        self.count += 1
        return Credentials(
            user_id=UserId(1),
            device_id=DeviceId(2),
            name="ada",
            access_token=f"access {self.count}",
            expires_at=self.clock.now() + timedelta(seconds=self.life_s),
            refresh_token=f"refresh {self.count}",
        )

    async def refresh(self, device_id: DeviceId, refresh_token: str) -> Credentials:
        assert (device_id, refresh_token) == (2, f"refresh {self.count}")
        return self.credentials()


def begin(life_s: float) -> tuple[Access, Refreshing, MemoryStore, ManualClock]:
    clock, store = ManualClock(START), MemoryStore()
    http = Refreshing(clock, life_s)
    return Access.of(http.credentials(), "http://nowhere.test", store, http, clock), http, store, clock


async def test_a_token_is_used_while_it_has_a_minute_to_live_and_then_renewed() -> None:
    access, http, store, clock = begin(600)
    clock.advance(600 - SPARE_S - 1)
    assert await access.token() == "access 1"
    clock.advance(1)
    assert await access.token() == "access 2"
    await http.close()
    store.close()


async def test_a_fresh_refresh_token_is_stored_before_it_is_used() -> None:
    access, http, store, _ = begin(600)
    access.forget()
    await access.token()
    account = store.account()
    assert account is not None
    assert account.refresh_token == "refresh 2"
    await http.close()
    store.close()


@pytest.mark.parametrize(("life_s", "wait_s"), [(40, 20), (600, 540), (-3_600, TOKEN_LIFE_S - SPARE_S), (2, 5)])
async def test_short_lives_and_wrong_clocks_lead_to_sensible_waits(life_s: float, wait_s: float) -> None:
    access, http, store, _ = begin(life_s)
    assert access.renew_in_s() == max(LEAST_WAIT_S, wait_s)
    await http.close()
    store.close()
