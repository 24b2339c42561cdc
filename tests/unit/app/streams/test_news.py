"""Who hears what a process publishes and what the others do."""

import pytest

from seriatim.app.settings import Settings
from seriatim.app.streams.loops import Role
from seriatim.app.streams.news import news_of_all
from seriatim.delivery.broker.port import Told
from seriatim.protocol.answers import DevicesChanged, SelfChanged


class Listener:
    """Stands where a gateway has its sessions."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def received(self, hints: list[object]) -> None:
        pytest.fail("there are none")

    def tell(self, user_id: int, frame: object, *, but: object) -> None:
        self.heard.append(user_id)


@pytest.mark.parametrize(("role", "heard"), [(Role.ALL, [7]), (Role.GATEWAY, [7]), (Role.WORKER, [])])
async def test_a_worker_has_nobody_who_waits_for_news(role: Role, heard: list[int]) -> None:
    listener = Listener()
    settings = Settings(broker_url="unix:///nobody", role=role)
    others = news_of_all(settings, "a channel", "an epoch", listener, print)  # type: ignore[arg-type]
    others.broker.tell(Told(7, SelfChanged(what=DevicesChanged())))
    assert listener.heard == heard
