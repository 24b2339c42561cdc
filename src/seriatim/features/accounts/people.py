"""Who there is: the caller himself, and others by name or id."""

from collections.abc import Sequence
from typing import Final

from seriatim.core.errors import Unauthenticated
from seriatim.core.ids import UserId
from seriatim.core.names import name_key
from seriatim.features.accounts import store
from seriatim.features.accounts.accounts import Accounts
from seriatim.protocol.resources import Me, Users
from seriatim.protocol.sender import Sender

FOUND: Final = 20
"""Most people found by name; whoever looks for more types another letter."""


async def me(sender: Sender, accounts: Accounts) -> Me:
    """Return the caller.

    Raises:
        Unauthenticated: his account is gone.
    """
    async with accounts.database.read() as connection:
        row = await store.me(connection, sender.user_id)
    if row is None:
        raise Unauthenticated("this account is gone")
    name, server_admin, guest = row
    return Me(user_id=sender.user_id, name=name, device_id=sender.device_id, server_admin=server_admin, guest=guest)


async def find_by_name(beginning: str, sender: Sender, accounts: Accounts) -> Users:
    """Return at most 20 people whose name begins so, whatever its case, in the order of names: an exact match first.

    A guest finds only those with whom he is in a conversation, also by id.

    Raises:
        RateLimited: 5 a second, burst 10.
    """
    _require(sender, accounts)
    async with accounts.database.read() as connection:
        return Users(users=await store.users_by_prefix(connection, sender.user_id, name_key(beginning), FOUND))


async def find_by_ids(user_ids: Sequence[UserId], sender: Sender, accounts: Accounts) -> Users:
    """Return those of these people who exist, in the order of names.

    Raises:
        RateLimited: 5 a second, burst 10.
    """
    _require(sender, accounts)
    async with accounts.database.read() as connection:
        return Users(users=await store.users_by_id(connection, sender.user_id, user_ids))


def _require(sender: Sender, accounts: Accounts) -> None:
    rate = accounts.settings.rates.search_users
    accounts.searches_by_user.require(sender.user_id, rate, accounts.clock.monotonic())
