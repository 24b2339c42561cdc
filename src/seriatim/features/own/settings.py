"""The user's settings: read them, change some."""

from zoneinfo import available_timezones

import msgspec

from seriatim.features.own import rules, store
from seriatim.protocol.own.settings import ChangeSettings, Settings
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


async def change_settings(connection: Connection, change: ChangeSettings, sender: Sender) -> Settings:
    """Change the settings named, and return all of them as they are now. One statement.

    Raises:
        BadRequest: a time zone that nobody has.
    """
    rules.check_settings(change, available_timezones())
    named = {name: value for name, value in msgspec.to_builtins(change).items() if value is not None}
    return await store.change_settings(connection, sender.user_id, named)
