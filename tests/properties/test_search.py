"""Search against a naive one: whatever is said, changed and left, each finds what he can page through and no more.

What somebody may read is asked page by page from the log, which has machines of its own; what matches is looked up word
by word.
"""

import random
import re
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seriatim.core.clock import SystemClock
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.search.ask import After, Asked, Searching
from seriatim.features.search.feed import Feed
from seriatim.log.access import Action, authorize
from seriatim.log.read import page
from seriatim.protocol.commands import Delete, Edit, Fetch, Invite, Leave, Remove, SendMessage, StartPoll
from seriatim.protocol.entries import Entry, MessageSent, PollStarted
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.limits import Rate, Rates
from seriatim.protocol.search.results import SearchSort
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from seriatim.storage.search.keeping import Keeper
from seriatim.storage.search.reading import IndexReader
from seriatim.storage.search.schema import place_of
from seriatim.storage.search.writing import IndexWriter
from speaking import Speaking, speaking

SAID = ["alpha", "Álpha", "ALPHABET", "beta", "gamma", "under_score", "東京都", "京都", "x1", "https://a.example/alpha"]
LOOKED_FOR = [
    "alpha",
    "alp*",
    "beta",
    "under_score",
    "score",
    "under",
    "京都",
    "東京",
    "東",
    "都",
    "x1",
    "x*",
    "gamma",
    "zzz",
]
DONE = [*["send"] * 6, "reply", "poll", "edit", "edit", "delete", "leave", "remove", "invite"]
ACTS, QUERIES = 90, 60
FREE = Rates(search=Rate(1e6, 10**6))


class Naive(NamedTuple):
    """One word or phrase of a query, as terms that stand together."""

    terms: list[str]
    prefix: bool

    def stands_in(self, said: list[str]) -> bool:
        return any(
            all(self._alike(place, said[start + place]) for place in range(len(self.terms)))
            for start in range(len(said) - len(self.terms) + 1)
        )

    def _alike(self, place: int, term: str) -> bool:
        wanted = self.terms[place]
        if not wanted.isascii():
            return wanted in term
        return term.startswith(wanted) if self.prefix and place == len(self.terms) - 1 else term == wanted


def terms_in(text: str) -> list[str]:
    folded = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()
    return re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", folded)


def naive(words: str) -> Naive:
    return Naive(terms_in(words), words.endswith("*"))


class Question(NamedTuple):
    """A query, and what it means word by word."""

    needed: list[list[Naive]]
    refused: list[Naive]
    sender_id: UserId | None
    place: ConversationId | None
    link: bool | None
    reply: bool | None
    text: str


def question(chance: random.Random, senders: list[Sender], places: list[ConversationId]) -> Question:
    text: list[str] = []
    needed: list[list[Naive]] = []
    for _ in range(chance.choice([0, 1, 1, 1, 2, 2])):
        several = [chance.choice(LOOKED_FOR) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        if chance.random() < 0.2:
            pair = f"{chance.choice(['alpha', 'beta', 'score'])} {chance.choice(['beta', 'gamma', 'alpha'])}"
            needed.append([naive(pair)])
            text.append(f'"{pair}"')
        else:
            needed.append([naive(one) for one in several])
            text.append(" OR ".join(several))
    refused = [chance.choice(LOOKED_FOR) for _ in range(chance.choice([0, 0, 0, 1]))]
    text += [f"-{one}" for one in refused]
    sender = chance.choice(senders) if chance.random() < 0.2 else None
    place = chance.choice(places) if chance.random() < 0.2 else None
    link, reply = (chance.choice([None, None, None, None, True, False]) for _ in range(2))
    text += [f"from:{sender.user_id}"] if sender else []
    text += [f"in:{place}"] if place else []
    text += [] if link is None else ["has:link" if link else "-has:link"]
    text += [] if reply is None else ["is:thread" if reply else "-is:thread"]
    if not text:
        text, needed = ["alpha"], [[naive("alpha")]]
    return Question(
        needed, [naive(one) for one in refused], sender and sender.user_id, place, link, reply, " ".join(text)
    )


def text_of(entry: Entry) -> str:
    return "\n".join((entry.question, *entry.options)) if isinstance(entry, PollStarted) else getattr(entry, "body", "")


def answers(asked: Question, entry: Entry) -> bool:
    said = terms_in(text_of(entry))
    is_reply = isinstance(entry, MessageSent) and entry.thread_seq is not None
    return (
        all(any(one.stands_in(said) for one in several) for several in asked.needed)
        and not any(one.stands_in(said) for one in asked.refused)
        and asked.sender_id in (None, entry.sender_id)
        and asked.link in (None, "https://" in text_of(entry))
        and asked.reply in (None, is_reply)
    )


class World(NamedTuple):
    """People, the conversations that they made, and who was ever in which."""

    speaking: Speaking
    people: list[Sender]
    places: list[ConversationId]
    been_in: set[tuple[UserId, ConversationId]]

    async def paged(self, reader: Sender, place: ConversationId) -> list[Any]:
        wish = Fetch(id=0, conversation_id=place, limit=200)
        async with self.speaking.database.read() as connection:
            try:
                access = await authorize(connection, reader.user_id, place, Action.READ)
            except ChatError:
                return []
            entries = (await page(connection, access, wish, reader.user_id, "")).entries
        return [one for one in entries if isinstance(one, MessageSent | PollStarted) and one.deleted_seq is None]

    async def readable(self, reader: Sender, asked: Question, limited_to: ConversationId | None) -> list[Any]:
        """Return what the reader can page through where he searches, but what was edited after he had left."""
        found: list[Any] = []
        for place in self.places:
            here = (reader.user_id, place) in self.been_in or place in (limited_to, asked.place)
            if here and limited_to in (None, place) and asked.place in (None, place):
                now = {one.seq: one for one in await self.paged(self.people[0], place)}
                seen = await self.paged(reader, place)
                found += [one for one in seen if text_of(one) == text_of(now[one.seq])]
        return sorted(
            found, key=lambda one: (place_of(one.created_at, one.seq), one.conversation_id, one.seq), reverse=True
        )

    async def act(self, chance: random.Random) -> None:
        """Do something; what is refused has changed nothing."""
        place, who, other = chance.choice(self.places), chance.choice(self.people), chance.choice(self.people)
        body = " ".join(chance.choice(SAID) for _ in range(chance.randint(1, 5)))
        do = self.speaking.do
        try:
            match chance.choice(
                ["send"] * 6 + ["reply", "poll", "edit", "edit", "delete", "leave", "remove", "invite"]
            ):
                case "send":
                    await do(SendMessage, who, place, body=body)
                case "reply":
                    root = chance.choice([one.seq for one in await self.paged(who, place)])
                    await do(SendMessage, who, place, body=body, thread_seq=root)
                case "poll":
                    await do(StartPoll, who, place, question=body, options=["alpha", "beta 東京都"])
                case "edit" | "delete" as what:
                    mine = [one for one in await self.paged(who, place) if one.sender_id == who.user_id]
                    target = chance.choice(mine).seq
                    command, more = (Edit, {"body": body}) if what == "edit" else (Delete, {})
                    await do(command, who, place, target_seq=target, **more)
                case "leave":
                    await do(Leave, who, place)
                case "remove":
                    await do(Remove, self.people[0], place, user_id=other.user_id)
                case _:
                    if (other.user_id, place) not in self.been_in:
                        await do(Invite, self.people[0], place, user_ids=[other.user_id])
                        self.been_in.add((other.user_id, place))
        except (ChatError, IndexError):
            pass


async def made(world: Speaking) -> World:
    people = await world.people(4)
    owner, *others = people
    places: list[ConversationId] = []
    been_in: set[tuple[UserId, ConversationId]] = set()
    for members, fields in (
        (others, {"kind": ConversationKind.GROUP}),
        (others[:1], {"kind": ConversationKind.GROUP}),
        (others[1:], {"kind": ConversationKind.CHANNEL, "visibility": Visibility.PUBLIC}),
        ([], {"kind": ConversationKind.CHANNEL, "visibility": Visibility.PUBLIC}),
    ):
        place = await world.make(owner, fields.pop("kind"), *members, **fields)
        places.append(place)
        been_in |= {(one.user_id, place) for one in (owner, *members)}
    return World(world, people, places, been_in)


async def search(searching: Searching, reader: Sender, text: str, place: ConversationId | None, limit: int) -> Any:
    """Return all pages as one list, and whether it was found by another spelling."""
    found: list[tuple[int, int]] = []
    after: After | None = None
    respelled = False
    while True:
        answer = await searching.search(Asked(reader.user_id, text, place, SearchSort.NEWEST, limit, after, 0))
        assert answer.results.complete
        found += [(hit.conversation_id, hit.seq) for hit in answer.results.hits]
        respelled = respelled or answer.results.respelled
        if (after := answer.after) is None:
            return found, respelled


@pytest.mark.promise("I1")
@pytest.mark.parametrize("seed", range(3))
async def test_each_finds_what_he_may_read_and_nothing_else(database: Database, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    keeper = Keeper(tmp_path)
    folder = keeper.open("e")[0]
    folder.close()
    writer = IndexWriter(folder.folder, "e", slice_documents=25)
    async with speaking(database) as world:
        here = await made(world)
        feed = Feed(database, writer, batch=20, commit_every_s=0)
        for _ in range(ACTS):
            await here.act(chance)
            if chance.random() < 0.2:
                await feed.step()
        while await feed.step():
            pass
        searching = Searching(database, IndexReader(tmp_path), FREE, SystemClock())
        for _ in range(QUERIES):
            asked = question(chance, here.people, here.places)
            reader = chance.choice(here.people)
            limited_to = chance.choice([None, None, None, chance.choice(here.places)])
            expected = [
                (one.conversation_id, one.seq)
                for one in await here.readable(reader, asked, limited_to)
                if answers(asked, one)
            ]
            found, respelled = await search(searching, reader, asked.text, limited_to, chance.choice([1, 3, 50]))
            assert ([] if respelled else found) == expected, (seed, asked.text)
    assert len(writer.manifest.slices) > 1
    feed.close()
