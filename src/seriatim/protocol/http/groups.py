"""Groups of people that are mentioned by one name."""

from typing import Annotated

import msgspec
from msgspec import Meta

from seriatim.core.ids import UserId
from seriatim.protocol.fields import Name, WireUserId

GROUP_MEMBERS = 50
"""As many as one message may mention, for a client mentions a group by mentioning its members."""
GROUPS = 500

GroupMembers = Annotated[list[WireUserId], Meta(max_length=GROUP_MEMBERS)]


class NewGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group by name."""

    name: Name
    user_ids: GroupMembers


class ChangeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; absent parts stay."""

    name: Name | None = None
    user_ids: GroupMembers | None = None
    seen_user_ids: GroupMembers | None = None
    """Who was in it as the caller saw it: if it is others now, nothing changes (`conflict`, reason `changed`)."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """People who are mentioned together."""

    group_id: int
    name: str
    user_ids: list[UserId]


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """All groups of this server, in the order of their names."""

    groups: list[Group]
