"""The SQL of presence: what people chose, and when they were last here."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import LiteralString, NamedTuple

from seriatim.core.ids import UserId
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.protocol.fields import ChosenState, LastSeenTo
from seriatim.storage.postgres.database import Connection

# Contacts are read only of those who tell nobody else.
PEOPLE: LiteralString = """-- presence of people
select u.id, p.state, p.text, p.expires_at, p.last_seen_at, p.last_seen_to,
    case when p.last_seen_to = 'contacts' then array(
        select d.high_user_id from direct_pairs d where d.low_user_id = u.id
        union all select d.low_user_id from direct_pairs d where d.high_user_id = u.id
    ) end
from users u left join presence p on p.user_id = u.id
where u.id = any(%(user_ids)s)"""

CHOOSE: LiteralString = """-- choose presence
insert into presence (user_id, state, text, expires_at, last_seen_to)
values (%(user_id)s, %(state)s, %(text)s, %(expires_at)s, coalesce(%(last_seen_to)s, 'everyone'))
on conflict (user_id) do update set state = excluded.state, text = excluded.text, expires_at = excluded.expires_at,
    last_seen_to = coalesce(%(last_seen_to)s, presence.last_seen_to)"""

# In the order of ids, so that two processes cannot deadlock; a user who is gone meanwhile is left out.
LAST_SEEN: LiteralString = """-- last seen
insert into presence (user_id, last_seen_at)
select u.id, s.at from unnest(%(user_ids)s::bigint[], %(times)s::timestamptz[]) as s (user_id, at)
join users u on u.id = s.user_id order by u.id
on conflict (user_id) do update set last_seen_at = greatest(presence.last_seen_at, excluded.last_seen_at)"""


class Stored(NamedTuple):
    """What is stored of one person."""

    chosen: Chosen
    last_seen: LastSeen


async def people(connection: Connection, user_ids: Collection[UserId]) -> dict[UserId, Stored]:
    """Return what is stored of these people; those who do not exist are left out. One statement."""
    cursor = await connection.execute(PEOPLE, {"user_ids": list(user_ids)})
    return {
        user_id: Stored(
            Chosen(ChosenState(state or ChosenState.AUTO), text or "", expires_at),
            LastSeen(at, LastSeenTo(to or LastSeenTo.EVERYONE), frozenset(contacts or ())),
        )
        async for user_id, state, text, expires_at, at, to, contacts in cursor
    }


async def choose(connection: Connection, user_id: UserId, chosen: Chosen, last_seen_to: LastSeenTo | None) -> None:
    """Store how somebody wants to look, and, unless that stays, who is told when he was last here."""
    row = {"state": chosen.state.value, "text": chosen.text, "expires_at": chosen.expires_at}
    await connection.execute(CHOOSE, {"user_id": user_id, "last_seen_to": last_seen_to, **row})


async def write_last_seen(connection: Connection, times: Mapping[UserId, datetime]) -> None:
    """Store when these people were last here; a time never falls. One statement."""
    await connection.execute(LAST_SEEN, {"user_ids": list(times), "times": list(times.values())})
