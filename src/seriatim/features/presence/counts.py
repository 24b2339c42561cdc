"""How many are online in large conversations: told instead of who."""

from collections.abc import Awaitable, Callable, Collection

from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.signals import Signals
from seriatim.protocol.limits import DOTS_MEMBERS

COUNTS = 50
"""Most conversations whose members are counted without a pause."""
LOOK_UP = 500
"""Most conversations whose rosters one statement reads."""

Rosters = Callable[[Collection[ConversationId]], Awaitable[dict[ConversationId, frozenset[UserId]]]]
"""Returns who is in these conversations. Raises Unavailable."""
Pause = Callable[[], Awaitable[None]]


async def tell_counts(signals: Signals, directory: Directory, rosters: Rosters, pause: Pause) -> None:
    """Tell members who look at a large conversation how many are online there, where that has changed.

    Raises:
        Unavailable: some rosters could not be read.
    """
    on_screens = signals.conversations()
    counted = 0
    for start in range(0, len(on_screens), LOOK_UP):
        for conversation_id, members in (await rosters(on_screens[start : start + LOOK_UP])).items():
            if len(members) <= DOTS_MEMBERS:
                continue
            counted += 1
            if counted % COUNTS == 0:
                await pause()
            online = directory.count(members)
            for session in signals.looking_at(conversation_id):
                if session.user_id in members:
                    signals.count(session, conversation_id, online)
