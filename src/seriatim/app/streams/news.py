"""How news of the log comes to this process's sessions: what is read for it, and the broker that brings the others'."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from seriatim.app.streams.loops import Role
from seriatim.app.streams.others import Others, Unheard
from seriatim.app.streams.routing import Routing
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.broker.port import Receives, Told
from seriatim.delivery.fanout import FanOut
from seriatim.log.audience import Audience, audiences
from seriatim.log.heads import HeadsAnswer, HeadsAsk, heads, heads_page, heads_to_greet
from seriatim.protocol.session import Phase, Session
from seriatim.storage.postgres.database import Database


class Reads(NamedTuple):
    """What delivery reads, each from a connection of the pool, ahead of what single users wait for."""

    database: Database

    async def audiences(self, ids: list[ConversationId]) -> dict[ConversationId, Audience]:
        """See log/audience."""
        async with self.database.read_ahead() as connection:
            return await audiences(connection, ids)

    async def heads(self, asks: list[HeadsAsk]) -> list[HeadsAnswer]:
        """See log/heads."""
        async with self.database.read_ahead() as connection:
            return await heads(connection, asks)

    async def heads_to_greet(self, asks: list[HeadsAsk]) -> list[HeadsAnswer]:
        """See log/heads."""
        async with self.database.read_ahead() as connection:
            return await heads_to_greet(connection, asks)

    async def heads_page(self, user_id: UserId, token: str | None, before: HeadsAnswer) -> HeadsAnswer:
        """See log/heads."""
        async with self.database.read_ahead() as connection:
            return await heads_page(connection, user_id, token, before)


class Given(Protocol):
    """The settings that are asked for here."""

    @property
    def broker_url(self) -> str | None: ...
    @property
    def broadcast_up_to(self) -> int: ...
    @property
    def role(self) -> Role: ...


def news_of_all(
    given: Given, channel: str, epoch: str, fan_out: FanOut, check_heads: Callable[[Session], None]
) -> Others:
    """Return what brings news of all gateways of this log here: by `broker_url` or, without one, of this alone.

    When news of others may have been lost, the heads of every live session are checked. A worker only tells.
    """

    def told(news: Told) -> None:
        fan_out.tell(news.user_id, news.frame, but=news.but)

    def missed() -> None:
        for session in fan_out.sessions():
            if isinstance(session, Session) and session.phase is Phase.LIVE:
                check_heads(session)

    kind = Unheard if given.role is Role.WORKER else Others
    others = kind(Routing(fan_out, check_heads, given.broadcast_up_to))
    others.when_missed(missed)
    others.meet(given.broker_url, channel, epoch, Receives(fan_out.received, told))
    return others
