"""What an archived conversation refuses: everything but reading, leaving, and seeing to its members and settings."""

from contracts.standings import Scene
from contracts.test_authorization import TABLE, Wish, command_of, run
from rows import unchanged
from seriatim.core.errors import ChatError
from seriatim.gateway.commands import VERBS
from seriatim.protocol.commands import Command, Forward, Leave, Remove, SendMessage, SetRole, SetSettings
from seriatim.storage.postgres.database import Database
from speaking import speaking

CHANGING = {*VERBS, SendMessage, Forward} - {Leave, Remove, SetRole, SetSettings}


async def reason_of(scene: Scene, command: Command) -> str:
    """Return why it is refused."""
    try:
        await run(scene, command)
    except ChatError as refusal:
        return f"{refusal.code} {refusal.reason}"
    return "allow"


async def test_an_archived_conversation_refuses_whatever_an_owner_would_say_in_it(database: Database) -> None:
    async with speaking(database) as world:
        scene = Scene(world)
        await scene.set("group", "owner")
        await world.do(SetSettings, scene.ada, scene.here, archived=True)
        wishes = [wish for wish in TABLE if wish.command in CHANGING]
        commands = [await command_of(scene, wish) for wish in wishes]
        async with unchanged(database):
            found = [(wish, await reason_of(scene, command)) for wish, command in zip(wishes, commands, strict=True)]
        assert [one for one in found if one[1] != "forbidden archived"] == []
        assert await reason_of(scene, await command_of(scene, Wish(Leave))) == "allow"
