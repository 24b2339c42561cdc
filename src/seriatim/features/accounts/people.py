"""Who there is: the caller himself, and others by name or id."""

from collections.abc import Sequence
from typing import Final

from seriatim.core.errors import Conflict, Unauthenticated
from seriatim.core.ids import UserId
from seriatim.core.names import clean_name, name_key
from seriatim.features.accounts import store
from seriatim.features.accounts.accounts import Accounts
from seriatim.protocol.resources import ChangeMe, Me, Users
from seriatim.protocol.sender import Sender

FOUND: Final = 20
"""Most people found by name; whoever looks for more types another letter."""


async def me(sender: Sender, accounts: Accounts) -> Me:
    """Return the caller.

    Raises:
        Unauthenticated: his account is gone.
    """
    async with accounts.database.read() as connection:
        account = await store.me(connection, sender.user_id)
    if account is None:
        raise Unauthenticated("this account is gone")
    return Me(user_id=sender.user_id, device_id=sender.device_id, **account._asdict())


async def change_me(wish: ChangeMe, sender: Sender, accounts: Accounts) -> Me:
    """Call the caller by another name, wherever names are shown; he logs in with the name that he signed up with.

    What he logs in with gives him back that name. Blanks around the name are left out.

    Raises:
        BadRequest: at `$.display_name`; what no name may be.
        Conflict: at `$.display_name`, reason `name_taken`: somebody else is called so, or logs in with it.
        RateLimited: as often as one may look for people.
    """
    _require(sender, accounts)
    name = clean_name(wish.display_name.strip(), path="$.display_name")
    async with accounts.database.transaction() as connection:
        if not await store.set_display_name(connection, sender.user_id, name, name_key(name)):
            raise Conflict("somebody has this name already", path="$.display_name", reason="name_taken")
    return await me(sender, accounts)


async def find_by_name(beginning: str, sender: Sender, accounts: Accounts) -> Users:
    """Return at most 20 people whose name begins so, whatever its case, in the order of names: an exact match first.

    Both what they are called and what they log in with is looked at.

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
