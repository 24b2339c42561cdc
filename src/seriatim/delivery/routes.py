"""Routes: with many gateways, news goes only to those that hold somebody concerned."""

from collections.abc import Callable, Collection
from typing import Final

from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.directory.port import Directory

BROADCAST_UP_TO: Final = 4
"""Gateways up to which each hears everything: one message to all costs the broker less than one to each."""
MEMBERS: Final = 200
"""In larger conversations somebody is on most gateways."""

Roster = Callable[[ConversationId, int], frozenset[UserId] | None]


class Routes:
    """Says to which other gateways news goes; what is not sure goes to all."""

    def __init__(self, directory: Directory, roster: Roster, *, broadcast_up_to: int = BROADCAST_UP_TO) -> None:
        self._directory = directory
        self._roster = roster
        self._broadcast_up_to = broadcast_up_to

    @property
    def are_used(self) -> bool:
        """Whether there are so many gateways that not each hears everything."""
        return len(self._directory.others()) >= self._broadcast_up_to

    def __call__(self, news: Hint | Told) -> Collection[str] | None:
        """Return the names of the gateways; None: all of them.

        Who comes, goes or changes his role is told to all, so that no gateway that knows a roster has an old one.
        """
        if not self.are_used:
            return None
        if isinstance(news, Told):
            return self._directory.holding((news.user_id,))
        if news.entry.roster_version is not None:
            return None
        members = self._roster(news.entry.conversation_id, news.roster_version)
        if members is None or len(members) > MEMBERS:
            return None
        return self._directory.holding(members)
