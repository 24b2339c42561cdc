"""The demo: people with conversations that look lived in, and talk that goes on; a client like every other."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import NamedTuple

from seriatim.bench.demo.lines import CHANNELS, DIRECTS, GROUPS, SCRIPTS, lines
from seriatim.client import Client, ConversationKind, Visibility
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId
from seriatim.protocol.resources import Conversation

READING_SHARE = 0.5
"""How often the one who spoke has read everything; the demo account never reads, so it has unread messages."""


class Stage(NamedTuple):
    """A conversation and who speaks in it; `topic` is where its scripts are."""

    conversation_id: ConversationId
    topic: str
    speakers: list[Client]


class Demo:
    """A cast of clients that are running, and the account `demo`, which is in the conversations and stays silent."""

    def __init__(self, people: Sequence[Client], demo: Client, random: Random) -> None:
        self._people = list(people)
        self._demo = demo
        self._random = random
        self._scripts: dict[str, Iterator[str]] = {}
        for topic, scripts in SCRIPTS.items():
            shuffled = list(scripts)
            random.shuffle(shuffled)
            self._scripts[topic] = cycle(shuffled)

    async def stages(self) -> tuple[list[Stage], bool]:
        """Return the conversations, made where they do not exist; true: they are new."""
        known = await self._demo.http.conversations()
        by_title = {conversation.title: conversation for conversation in known if conversation.title}
        by_other = {conversation.other.user_id: conversation for conversation in known if conversation.other}
        stages = [await self._channel(title, topic, by_title.get(title)) for title, topic in CHANNELS]
        for title, topic, places in GROUPS:
            members = [self._people[place % len(self._people)] for place in places]
            stages.append(await self._group(title, topic, list(dict.fromkeys(members)), by_title.get(title)))
        for person in self._people[:DIRECTS]:
            found = by_other.get(person.user_id)
            here = found.conversation_id if found else await self._direct(person, self._demo)
            stages.append(Stage(here, "direct", [person]))
        for one, other in zip(self._people[::2], self._people[1::2], strict=False):
            stages.append(Stage(await self._direct(one, other), "direct", [one, other]))
        return stages, not by_title

    async def fill(self, stages: Sequence[Stage]) -> int:
        """Let every conversation have a past; return how many messages that took."""
        count = 0
        for stage in stages:
            how_many = 1 if stage.topic == "direct" else len(SCRIPTS[stage.topic])
            for script in list(islice(self._scripts[stage.topic], how_many)):
                count += await self._play(stage, script)
        return count

    async def talk(self, stages: Sequence[Stage], pause_s: tuple[float, float]) -> None:
        """Go on talking until cancelled: a few conversations at a time, a message every now and then."""
        playing: list[Iterator[tuple[Stage, Client, str]]] = []
        while True:
            while len(playing) < 3:  # noqa: PLR2004 - as many as one can follow
                stage = self._random.choice(stages)
                playing.append(self._cues(stage, next(self._scripts[stage.topic])))
            script = self._random.choice(playing)
            cue = next(script, None)
            if cue is None:
                playing.remove(script)
                continue
            await asyncio.sleep(self._random.uniform(*pause_s))
            await self._say(*cue)

    async def _play(self, stage: Stage, script: str) -> int:
        cues = list(self._cues(stage, script))
        for cue in cues:
            await self._say(*cue)
        return len(cues)

    def _cues(self, stage: Stage, script: str) -> Iterator[tuple[Stage, Client, str]]:
        """Cast a script; with a single speaker (the other one is the demo account) only his lines are spoken."""
        speakers = self._random.sample(stage.speakers, len(stage.speakers))
        for letter, words in lines(script):
            place = ord(letter) - ord("A")
            if len(stage.speakers) > 1 or place == 0:
                yield stage, speakers[place % len(speakers)], words

    async def _say(self, stage: Stage, speaker: Client, words: str) -> None:
        sent = await speaker.send(stage.conversation_id, words)
        if self._random.random() < READING_SHARE:
            other = self._random.choice(stage.speakers)
            other.read(stage.conversation_id, sent.seq)

    async def _channel(self, title: str, topic: str, known: Conversation | None) -> Stage:
        if known is not None:
            here = known.conversation_id
        else:
            owner = self._people[len(title) % len(self._people)]
            made = await owner.create(ConversationKind.CHANNEL, title=title, visibility=Visibility.PUBLIC)
            here = made.conversation_id
        for client in (*self._people, self._demo):
            if known is None:
                await _join(client, here)
        return Stage(here, topic, self._people)

    async def _group(self, title: str, topic: str, members: list[Client], known: Conversation | None) -> Stage:
        if known is not None:
            return Stage(known.conversation_id, topic, members)
        others = [client.user_id for client in (*members[1:], self._demo)]
        made = await members[0].create(ConversationKind.GROUP, others, title=title)
        return Stage(made.conversation_id, topic, members)

    async def _direct(self, one: Client, other: Client) -> ConversationId:
        return (await one.create(ConversationKind.DIRECT, [other.user_id])).conversation_id


async def _join(client: Client, conversation_id: ConversationId) -> None:
    try:
        await client.membership.join(conversation_id)
    except ChatError as error:
        if error.reason != "already_member":
            raise
