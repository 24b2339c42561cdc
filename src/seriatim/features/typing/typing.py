"""`typing`: passed on to the members who look at the conversation, and nowhere stored."""

from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.signals import Signals
from seriatim.protocol.answers import TypingTold
from seriatim.protocol.commands import Typing
from seriatim.protocol.session import Signal

WAITING = 1_000
"""Most that wait to be looked up; beyond it they are dropped, for the next one says the same."""


class _Typed(NamedTuple):
    user_id: UserId
    typing: Typing


class Typists:
    """Tells who types (promise D7).

    Bounds: a session says so once in 3 s (protocol/session); 1,000 wait to be looked up. Nothing is told of who hides,
    nor to those from whom he hides.
    """

    def __init__(
        self,
        signals: Signals,
        *,
        members: Callable[[ConversationId], frozenset[UserId] | None],
        rosters: Callable[[Collection[ConversationId]], Awaitable[dict[ConversationId, frozenset[UserId]]]],
        knows: Callable[[UserId], bool],
        hides_from: Callable[[UserId], frozenset[UserId] | None],
    ) -> None:
        self._signals = signals
        self._members = members
        self._rosters = rosters
        self._knows = knows
        self._hides_from = hides_from
        self._waiting: list[_Typed] = []

    def typing(self, user_id: UserId, typing: Typing) -> None:
        """Tell the others that this user types, or no more; who is no member is told to nobody."""
        if not self._signals.looking_at(typing.conversation_id):
            return
        members = self._members(typing.conversation_id)
        if members is not None and self._knows(user_id):
            self._tell(_Typed(user_id, typing), members)
        elif len(self._waiting) < WAITING:
            self._waiting.append(_Typed(user_id, typing))

    async def look_up(self) -> None:
        """Read the rosters that were not known, all in one statement, and tell what waited; ten times a second.

        Raises:
            Unavailable: what waited is dropped.
        """
        waiting, self._waiting = self._waiting, []
        if waiting:
            rosters = await self._rosters({one.typing.conversation_id for one in waiting})
            for one in waiting:
                self._tell(one, rosters.get(one.typing.conversation_id, frozenset()))

    def _tell(self, typed: _Typed, members: frozenset[UserId]) -> None:
        user_id, typing = typed
        hidden_from = self._hides_from(user_id)
        if user_id not in members or hidden_from is None or not self._knows(user_id):
            return
        told = TypingTold(
            conversation_id=typing.conversation_id, user_id=user_id, on=typing.on, thread_seq=typing.thread_seq
        )
        for session in self._signals.looking_at(typing.conversation_id):
            viewer = session.user_id
            if viewer != user_id and viewer in members and viewer not in hidden_from:
                session.signal(told, Signal.TYPING)
