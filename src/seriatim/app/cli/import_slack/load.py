"""Brings a checked export into the log: what is stored is found by its key and stays, so a second run adds nothing.

Every entry has a key that is made of Slack's ids, and goes through the function that numbers all others. So whoever is
killed in between begins anew, finds what is there and goes on.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from seriatim.app.cli.import_slack import store
from seriatim.app.cli.import_slack.archive import Archive, Place
from seriatim.app.cli.import_slack.mrkdwn import markdown
from seriatim.app.cli.import_slack.talk import Outcome, Talk, key_of
from seriatim.core.clock import Clock
from seriatim.core.errors import Conflict, KeyReused
from seriatim.core.ids import MAX_ID, ConversationId, DeviceId, UserId, conversation_id_of, random_id
from seriatim.core.names import name_key
from seriatim.features.conversations.create import create
from seriatim.features.conversations.invite import invite
from seriatim.features.conversations.leave import leave
from seriatim.features.conversations.set_settings import set_settings
from seriatim.log.append import Appender
from seriatim.log.threads.reads import move_read
from seriatim.log.watermarks import move_marks
from seriatim.protocol.commands import Create, Invite, Leave, SetSettings
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

FOUNDERS, MARKS = 100, 1_000
"""People added in one entry; watermarks moved at once."""


class Import:
    """One run over one export. The appender runs; nobody is told, so devices learn of it from the log."""

    def __init__(
        self,
        archive: Archive,
        database: Database,
        appender: Appender,
        *,
        secret: bytes,
        password_hash: str,
        clock: Clock,
    ) -> None:
        self._archive, self._database = archive, database
        self._secret, self._password_hash, self._clock = secret, password_hash, clock
        self._people: dict[str, Sender] = {}
        self._names = {person.id: person.name for person in archive.people.values()}
        self._talk = Talk(archive, database, appender, self._people, self._names)
        self.outcome = self._talk.outcome

    async def run(self, told: Callable[[str], None]) -> Outcome:
        """Import everything; `told` is called with a line per conversation.

        Raises:
            Conflict: people are called as somebody else calls himself; nothing is imported.
            Unavailable: the outcome of the last batch is unknown; run it again.
            ChatError: a conversation cannot be made so; what came before it is kept.
        """
        present = (user for here in self._archive.present.values() for user in here)
        if taken := await names_taken(self._archive, self._database):
            raise Conflict(f"somebody else calls himself {taken}: he needs another name first", reason="name_taken")
        for user in dict.fromkeys((*self._archive.people, *present)):
            await self._person(user)
        for place in self._archive.places:
            await self._conversation(place)
            told(f"{place.conversation.name or place.conversation.id}: {self.outcome.messages_added} added so far")
        return self.outcome

    async def _person(self, user: str) -> None:
        name = self._names.setdefault(user, f"slack-{user.lower()}"[: LIMITS.name_code_points])
        device_id = DeviceId(_number(user))
        new = store.NewPerson(
            UserId(random_id()), device_id, name, name_key(name), self._password_hash, self._clock.now()
        )
        async with self._database.transaction() as connection:
            user_id, added = await store.person(connection, new)
        self._people[user] = Sender(user_id, device_id)
        self.outcome.people_added += added
        self.outcome.people_known += not added

    async def _conversation(self, place: Place) -> None:
        here = [user for user in self._archive.present[place.conversation.id] if user in self._people]
        if not here and place.conversation.creator in self._people:
            here = [place.conversation.creator]
        if not here:
            return  # nobody is there, so nobody has said anything
        creator = place.conversation.creator
        owner = creator if creator in place.conversation.members and creator in self._people else here[0]
        members = list(dict.fromkeys((owner, *here)))
        conversation_id = await self._found(place, members)
        self.outcome.conversations += 1
        await self._talk.bring(place, conversation_id, self._people[owner])
        await self._finish(place, conversation_id, members)

    async def _found(self, place: Place, members: list[str]) -> ConversationId:
        """Make the conversation with all its people, those who left too: what they said is theirs."""
        one, owner = place.conversation, self._people[members[0]]
        user_ids = list(dict.fromkeys(self._people[user].user_id for user in members))
        is_direct = place.file == "dms.json" and len(user_ids) == 2  # noqa: PLR2004 - a pair; alone: a group of one
        is_channel = place.file == "channels.json"
        kind = ConversationKind.CHANNEL if is_channel else ConversationKind.GROUP
        command = Create(
            id=0,
            client_id=key_of(one.id, "created"),
            kind=ConversationKind.DIRECT if is_direct else kind,
            visibility=Visibility.PUBLIC if is_channel else Visibility.PRIVATE,
            title=None if place.file == "dms.json" or not one.name else one.name[: LIMITS.title_code_points],
            members=user_ids[1:FOUNDERS],
        )
        try:
            stored = await create(command, owner, self._database, self._secret)
            conversation_id = stored.entry.conversation_id
        except KeyReused:  # an earlier export had other people in it
            conversation_id = conversation_id_of(self._secret, owner.device_id, command.client_id)
        async with self._database.read() as connection:
            ever = await store.members(connection, conversation_id)
        for some in _slices([user_id for user_id in user_ids if user_id not in ever], FOUNDERS):
            key = key_of(one.id, f"added {some}")
            wish = Invite(id=0, client_id=key, conversation_id=conversation_id, user_ids=some)
            await invite(wish, owner, self._database)
        return conversation_id

    async def _finish(self, place: Place, conversation_id: ConversationId, members: list[str]) -> None:
        """Leave nothing unread, let those go who had left, and shut what was archived."""
        one, owner = place.conversation, self._people[members[0]]
        if place.file != "dms.json":
            for user in members[1:]:
                if user not in one.members:
                    key = key_of(one.id, f"left {user}")
                    await leave(
                        Leave(id=0, client_id=key, conversation_id=conversation_id), self._people[user], self._database
                    )
        topic = " ".join(markdown(one.topic.value, self._names).split())[: LIMITS.topic_code_points]
        if topic or one.is_archived:
            command = SetSettings(
                id=0,
                client_id=key_of(one.id, f"settings {topic} {one.is_archived}"),
                conversation_id=conversation_id,
                topic=topic or None,
                archived=one.is_archived or None,
            )
            await set_settings(command, owner, self._database)
        for some in _slices([self._people[user].user_id for user in members], MARKS):
            async with self._database.transaction() as connection:
                await move_marks(connection, [(conversation_id, user_id, MAX_ID) for user_id in some])
        async with self._database.transaction() as connection:
            await store.set_thread_times(connection, conversation_id)
        async with self._database.read() as connection:
            threads = await store.unread_threads(connection, conversation_id)
        for several in _slices(threads, MARKS):
            async with self._database.transaction() as connection:
                await move_read(connection, [(conversation_id, thread, user, seq) for thread, user, seq in several])


async def names_taken(archive: Archive, database: Database) -> str:
    """Return, with commas between, who is called as somebody else calls himself; he would be nobody's account."""
    people = {name_key(person.name): person for person in archive.people.values()}
    async with database.read() as connection:
        devices = {key: DeviceId(_number(person.id)) for key, person in people.items()}
        return ", ".join(sorted(people[key].name for key in await store.taken_names(connection, devices)))


T = TypeVar("T")


def _slices(all_of_them: Sequence[T], size: int) -> Iterator[list[T]]:
    for first in range(0, len(all_of_them), size):
        yield list(all_of_them[first : first + size])


def _number(user: str) -> int:
    """Return an id that this person's device has in every import."""
    return int.from_bytes(hashlib.sha256(f"slack:{user}".encode()).digest()[:8], "big") % MAX_ID + 1
