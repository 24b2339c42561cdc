"""What gateways share of a moment: told to the others at most once, and stored nowhere.

Where the news of one matters beyond its moment it says itself again: presence by its beats, everything else by the
next of its kind.
"""

from enum import IntEnum

import msgspec

from seriatim.core.activity import Activity
from seriatim.core.ids import ConversationId, UserId
from seriatim.log.watermarks import Mark

USERS = 2_500
"""Most users of one `Changed` or `All`."""
MARKS = 1_000
"""Most marks of one `Marked`."""


class Said(IntEnum):
    """What a gateway says of one of its users: his activity, and where he has a session but looks gone, that."""

    GONE = Activity.GONE
    INACTIVE = Activity.INACTIVE
    ACTIVE = Activity.ACTIVE
    HELD = 3


class Typed(msgspec.Struct, frozen=True, array_like=True, tag="typed"):
    """Somebody types, or (`on` false) no more; his gateway knows that he is a member, and is not invisible."""

    user_id: UserId
    conversation_id: ConversationId
    on: bool
    thread_seq: int | None
    hidden_from: frozenset[UserId]


class Marked(msgspec.Struct, frozen=True, array_like=True, tag="marked"):
    """Watermarks moved."""

    marks: list[Mark]


class Reload(msgspec.Struct, frozen=True, array_like=True, tag="reload"):
    """How somebody wants to look, or from whom he hides, has changed in the database."""

    user_id: UserId


class Hurry(msgspec.Struct, frozen=True, array_like=True, tag="hurry"):
    """Devices have ended: the next reading of the revocations finds which."""


class SlashAnswered(msgspec.Struct, frozen=True, array_like=True, tag="slash"):
    """A bot has answered a call that another gateway waits for."""

    call_id: str
    bot_id: UserId
    text: str


class Beat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """The gateway lives, and has shared so many changes of its users."""

    version: int
    answer: bool
    """The others are asked to say the same of themselves at once."""


class Changed(msgspec.Struct, frozen=True, array_like=True, tag="changed"):
    """How active some of the gateway's users are from now on; its `version`th change."""

    version: int
    users: dict[UserId, Said]


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """One gateway is asked to say all about its users."""

    gateway: str


class All(msgspec.Struct, frozen=True, array_like=True, tag="all"):
    """Everybody connected to the gateway after its `version`th change, in parts that follow each other."""

    version: int
    part: int
    """From 0 on."""
    last: bool
    users: dict[UserId, Said]


class Goodbye(msgspec.Struct, frozen=True, array_like=True, tag="goodbye"):
    """The gateway stops; its users come back elsewhere, or are gone."""


Shared = Typed | Marked | Reload | Hurry | SlashAnswered | Beat | Changed | Ask | All | Goodbye
