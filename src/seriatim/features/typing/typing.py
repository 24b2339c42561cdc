"""`typing`: passed on to the members who look at the conversation, on all gateways, and nowhere stored."""

from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.broker.shared import Typed
from seriatim.delivery.signals import Signals
from seriatim.protocol.answers import TypingTold
from seriatim.protocol.commands import Typing
from seriatim.protocol.session import Signal

WAITING = 1_000
"""Most that wait to be looked up, of each sort; beyond it they are dropped, for the next one says the same."""


class _Said(NamedTuple):
    user_id: UserId
    typing: Typing


class Typists:
    """Tells who types (promise D7).

    Bounds: a session says so once in 3 s (protocol/session); 1,000 said here and 1,000 said on other gateways wait to
    be looked up. Nothing is told of who hides, nor to those from whom he hides.
    """

    def __init__(
        self,
        signals: Signals,
        *,
        members: Callable[[ConversationId], frozenset[UserId] | None],
        rosters: Callable[[Collection[ConversationId]], Awaitable[dict[ConversationId, frozenset[UserId]]]],
        knows: Callable[[UserId], bool],
        hides_from: Callable[[UserId], frozenset[UserId] | None],
        others: Callable[[], Collection[str]],
        share: Callable[[Typed], None],
    ) -> None:
        self._signals = signals
        self._members = members
        self._rosters = rosters
        self._knows = knows
        self._hides_from = hides_from
        self._others = others
        self._share = share
        self._said: list[_Said] = []
        self._heard: list[Typed] = []

    def typing(self, user_id: UserId, typing: Typing) -> None:
        """Tell the others that this user types, or no more; who is no member is told to nobody."""
        if not self._signals.looking_at(typing.conversation_id) and not self._others():
            return
        members = self._members(typing.conversation_id)
        if members is not None and self._knows(user_id):
            self._tell(_Said(user_id, typing), members)
        elif len(self._said) < WAITING:
            self._said.append(_Said(user_id, typing))

    def heard(self, _gateway: str, typed: Typed) -> None:
        """Show what was said on another gateway to those who look here."""
        if not self._signals.looking_at(typed.conversation_id):
            return
        members = self._members(typed.conversation_id)
        if members is not None:
            self._show(typed, members)
        elif len(self._heard) < WAITING:
            self._heard.append(typed)

    async def look_up(self) -> None:
        """Read the rosters that were not known, all in one statement, and tell what waited; ten times a second.

        Raises:
            Unavailable: what waited is dropped.
        """
        said, self._said = self._said, []
        heard, self._heard = self._heard, []
        if said or heard:
            wanted = {one.typing.conversation_id for one in said} | {one.conversation_id for one in heard}
            rosters = await self._rosters(wanted)
            for one in said:
                self._tell(one, rosters.get(one.typing.conversation_id, frozenset()))
            for typed in heard:
                self._show(typed, rosters.get(typed.conversation_id, frozenset()))

    def _tell(self, said: _Said, members: frozenset[UserId]) -> None:
        user_id, typing = said
        hidden_from = self._hides_from(user_id)
        if user_id not in members or hidden_from is None or not self._knows(user_id):
            return
        typed = Typed(user_id, typing.conversation_id, typing.on, typing.thread_seq, hidden_from)
        self._share(typed)
        self._show(typed, members)

    def _show(self, typed: Typed, members: frozenset[UserId]) -> None:
        if typed.user_id not in members:
            return
        told = TypingTold(
            conversation_id=typed.conversation_id, user_id=typed.user_id, on=typed.on, thread_seq=typed.thread_seq
        )
        for session in self._signals.looking_at(typed.conversation_id):
            viewer = session.user_id
            if viewer != typed.user_id and viewer in members and viewer not in typed.hidden_from:
                session.signal(told, Signal.TYPING)
