"""An export of Slack, as its documentation describes it, is imported whole, once and as if nobody had noticed."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scenarios.receiver import receiving
from seriatim.app.cli.import_slack.archive import Archive, BadExport
from seriatim.core.ids import uuid7
from seriatim.storage.postgres.database import Database
from world import Server, serving

HOURS = 3_600
UNREAD = """
select from members m join conversations c on c.id = m.conversation_id
where c.id = %s and m.left_seq is null and m.read_ordinal < c.last_ordinal"""
UNREAD_THREADS = """
select from thread_reads r
join threads t on t.conversation_id = r.conversation_id and t.thread_seq = r.thread_seq
join members m on m.conversation_id = r.conversation_id and m.user_id = r.user_id and m.left_seq is null
where r.conversation_id = %s and r.read_ordinal < t.last_ordinal"""
HAVE_PASSWORDS = "select from credentials c join users u on u.id = c.user_id where u.name = any (%s)"
LEFT = """
select split_part(u.name, '.', 1) from members m join users u on u.id = m.user_id
where m.conversation_id = %s and m.left_seq is not null"""


class Workspace:
    """Builds the zip of a workspace whose names and ids no other test has."""

    def __init__(self, folder: Path) -> None:
        self.mark = uuid7().hex[-10:].upper()
        self.path = folder / "export.zip"
        self.ada, self.bob, self.cyd = (f"U{name}{self.mark}" for name in ("ADA", "BOB", "CYD"))
        self.general, self.pair = f"C{self.mark}", f"D{self.mark}"
        self.files: dict[str, Any] = {
            "users.json": [
                {"id": self.ada, "team_id": "T1", "name": self.name("ada"), "profile": {}},
                {"id": self.bob, "team_id": "T1", "name": self.name("bob"), "deleted": False},
                {"id": self.cyd, "team_id": "T1", "name": self.name("cyd"), "deleted": True},
            ],
            "channels.json": [
                {
                    "id": self.general,
                    "name": "general",
                    "created": 1_700_000_000,
                    "creator": self.ada,
                    "members": [self.ada, self.bob],
                    "topic": {"value": "All &amp; sundry", "creator": self.ada, "last_set": 0},
                }
            ],
            "dms.json": [{"id": self.pair, "created": 1_700_000_000, "members": [self.ada, self.bob]}],
        }

    def name(self, of: str) -> str:
        return f"{of}.{self.mark.lower()}"

    def day(self, *messages: dict[str, Any], day: str = "general/2023-11-14.json") -> "Workspace":
        self.files[day] = [{"type": "message", **message} for message in messages]
        return self

    def written(self) -> Path:
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(name, json.dumps(content))
        return self.path

    def talk(self) -> "Workspace":
        return self.day(
            {"user": self.bob, "subtype": "channel_join", "text": "<@B> has joined", "ts": "1700000000.000100"},
            {
                "user": self.ada,
                "text": f"*Hello* <@{self.bob}> &lt;3 :tada: <https://example.org|there>",
                "ts": "1700000001.000100",
                "thread_ts": "1700000001.000100",
                "reactions": [{"name": "heart", "users": [self.bob, self.cyd], "count": 2}],
            },
            {"user": self.bob, "text": "a reply", "ts": "1700000002.000100", "thread_ts": "1700000001.000100"},
            {
                "user": self.cyd,
                "subtype": "thread_broadcast",
                "text": "a loud reply",
                "ts": "1700000003.000100",
                "thread_ts": "1700000001.000100",
            },
            {"subtype": "bot_message", "username": "ci", "bot_id": "B1", "text": "built", "ts": "1700000004.000100"},
            {
                "user": self.bob,
                "text": "",
                "ts": "1700000005.000100",
                "files": [{"id": "F1", "name": "a.png", "permalink": "https://files.example.org/a.png"}],
                "edited": {"user": self.bob, "ts": "1700000009.000000"},
            },
            {"user": self.bob, "text": "soon gone", "ts": "1700000006.000100"},
            {"subtype": "message_deleted", "deleted_ts": "1700000006.000100", "ts": "1700000007.000100"},
            {"user": self.ada, "text": "tpyo", "ts": "1700000008.000100"},
            {
                "subtype": "message_changed",
                "ts": "1700000009.000100",
                "message": {"user": self.ada, "text": "typo", "ts": "1700000008.000100"},
            },
        ).day({"user": self.bob, "text": "psst", "ts": "1700000100.000100"}, day=f"{self.pair}/2023-11-14.json")


def started(dsn: str, folder: Path, path: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from seriatim.app.cli import main; main()", "import", "slack", str(path), *more],
        env={**os.environ, "SERIATIM_DATABASE_URL": dsn, "SERIATIM_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def imported(dsn: str, folder: Path, path: Path, *more: str) -> tuple[int, dict[str, int], str]:
    """Run the command; return its exit code, its counts and what it said on standard error."""
    process = started(dsn, folder, path, *more)
    out, err = process.communicate(timeout=60)
    lines = [line.split(": ") for line in out.splitlines() if line.count(": ") == 1]
    return process.returncode, {name: int(count) for name, count in lines if count.isdecimal()}, err


async def rows(database: Database, statement: str, *values: object) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return await (await connection.execute(statement, values)).fetchall()  # pyright: ignore[reportArgumentType]


async def conversation_of(database: Database, name: str, kind: str) -> int:
    found = await rows(
        database,
        "select c.id from conversations c join members m on m.conversation_id = c.id join users u on u.id = m.user_id"
        " where u.name = %s and c.kind = %s",
        name,
        kind,
    )
    assert len(found) == 1
    return found[0][0]


async def log_of(database: Database, conversation_id: int) -> list[tuple[Any, ...]]:
    """Return a conversation's entries, each with its author's name, without what the database made of them."""
    return await rows(
        database,
        "select e.seq, e.kind::text, split_part(u.name, '.', 1), e.body, e.meta - 'members' - 'user_id',"
        " e.thread_seq, e.broadcast, e.ordinal, e.target_seq"
        " from entries e join users u on u.id = e.sender_id where e.conversation_id = %s order by e.seq",
        conversation_id,
    )


async def test_an_export_becomes_people_conversations_threads_and_reactions_with_the_times_of_then(
    server: Server, postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    code, counts, err = imported(postgres_dsn, data_folder, work.written())
    assert code == 0, err
    assert counts == {
        "people_added": 3,
        "people_known": 0,
        "conversations": 2,
        "messages_added": 7,
        "messages_known": 0,
        "messages_changed": 0,
        "messages_empty": 0,
        "reactions": 2,
        "reactions_unknown": 0,
    }
    here = await conversation_of(database, work.name("ada"), "channel")
    log = await log_of(database, here)
    said = [(author, body, thread, broadcast) for _, kind, author, body, _, thread, broadcast, *_ in log if body]
    root = 2
    assert said == [
        ("ada", f"**Hello** @{work.name('bob')} <3 🎉 [there](https://example.org)", None, None),
        ("bob", "a reply", root, None),
        ("cyd", "a loud reply", root, True),
        ("ada", "built", None, None),
        ("bob", "[a.png](https://files.example.org/a.png)", None, None),
        ("ada", "typo", None, None),
    ]
    threads = await rows(database, "select thread_seq, last_at::text from threads where conversation_id = %s", here)
    assert [(thread, at[:16]) for thread, at in threads] == [(root, "2023-11-14 22:13")]
    assert log[1][4]["sent_at"] == "2023-11-14T22:13:21.000100Z"
    assert [row[4]["via"] for row in log if row[3] == "built"] == ["ci"]
    # He who is given a link for a new password can log in.
    assert len(await rows(database, HAVE_PASSWORDS, [work.name("ada"), work.name("bob"), work.name("cyd")])) == 3
    # Nobody is called, nothing is unread, who had left has left.
    assert await rows(database, "select 1 from mentions where conversation_id = %s", here) == []
    assert await rows(database, UNREAD, here) == []
    assert await rows(database, UNREAD_THREADS, here) == []
    assert await rows(database, LEFT, here) == [("cyd",)]
    assert await rows(database, "select topic, title, visibility from conversations where id = %s", here) == [
        ("All & sundry", "general", "public")
    ]
    pair = await conversation_of(database, work.name("ada"), "direct")
    assert [row[3] for row in await log_of(database, pair) if row[3]] == ["psst"]
    # Somebody who comes in sees it as any history, with the time of then.
    dora = await server.device("dora")
    await dora.command("join", conversation_id=here)
    page = await dora.history(here)
    assert page[1]["sent_at"] == "2023-11-14T22:13:21.000100Z"
    assert page[1]["reactions"] == [["❤️", 2, False]]
    assert page[1]["thread"]["last_at"] == "2023-11-14T22:13:23.000100Z"


@pytest.mark.promise("D10")
async def test_what_is_imported_is_posted_to_no_webhook(
    postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    assert imported(postgres_dsn, data_folder, work.written())[0] == 0
    here = await conversation_of(database, work.name("ada"), "channel")
    opened = serving(postgres_dsn, data_folder, egress_allow=["127.0.0.0/8"])
    async with opened as server, receiving() as receiver:
        dora = await server.device("dora")
        await dora.command("join", conversation_id=here)
        async with database.transaction() as connection:
            await connection.execute("update members set role = 'owner' where user_id = %s", [dora.user_id])
        path, wish = f"/v1/conversations/{here}/webhooks/outgoing", {"name": "Mirror", "url": f"{receiver.url}/here"}
        assert (await dora.http("POST", path, json=wish)).status_code == 201
        work.day({"user": work.ada, "text": "of then", "ts": "1700100000.000100"}, day="general/2023-11-16.json")
        code, counts, err = imported(postgres_dsn, data_folder, work.written())
        assert (code, counts["messages_added"]) == (0, 1), err
        await dora.send(here, "of now")
        told = [one.json["data"]["entry"]["body"] for one in await receiver.count(1)]
        assert told == ["of now"], "the follower reads in order: what was imported was before it"


async def test_a_second_run_adds_nothing_and_a_newer_export_adds_what_is_new(
    postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    assert imported(postgres_dsn, data_folder, work.written())[0] == 0
    here = await conversation_of(database, work.name("ada"), "channel")
    first = await log_of(database, here)
    code, counts, err = imported(postgres_dsn, data_folder, work.path)
    assert code == 0, err
    assert (counts["messages_added"], counts["messages_known"], counts["people_added"], counts["reactions"]) == (
        0,
        7,
        0,
        0,
    )
    assert await log_of(database, here) == first
    dan = f"UDAN{work.mark}"
    work.files["users.json"].append({"id": dan, "name": work.name("dan")})
    work.files["channels.json"][0]["members"].append(dan)
    work.day({"user": dan, "text": "news", "ts": "1700100000.000100"}, day="general/2023-11-16.json")
    code, counts, err = imported(postgres_dsn, data_folder, work.written())
    assert code == 0, err
    assert (counts["messages_added"], counts["people_added"]) == (1, 1)
    assert [(kind, author) for _, kind, author, *_ in (await log_of(database, here))[len(first) :]] == [
        ("member_added", "ada"),
        ("message_sent", "dan"),
    ]


async def test_who_is_killed_in_the_middle_and_runs_again_has_what_one_run_makes(
    postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    def long(folder: Path) -> Workspace:
        folder.mkdir()
        work = Workspace(folder)
        for day in range(4):
            start = 1_700_000_000 + 24 * HOURS * day
            work.day(
                *(
                    {
                        "user": (work.ada, work.bob)[number % 2],
                        "text": f"message {number} of day {day}",
                        "ts": f"{start + number}.000100",
                        **({"thread_ts": f"{start}.000100"} if number % 5 == 0 else {}),
                        **({"reactions": [{"name": "+1", "users": [work.bob]}]} if number % 100 == 0 else {}),
                    }
                    for number in range(700)
                ),
                day=f"general/2023-11-{14 + day}.json",
            )
        return work

    whole, cut = long(tmp_path / "whole"), long(tmp_path / "cut")
    assert imported(postgres_dsn, data_folder, whole.written())[0] == 0
    process = started(postgres_dsn, data_folder, cut.written())
    waited = "select count(*) from entries e join users u on u.id = e.sender_id where u.name in (%s, %s)"
    names = (cut.name("ada"), cut.name("bob"))
    while (await rows(database, waited, *names))[0][0] < 600:
        assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    middle = (await rows(database, waited, *names))[0][0]
    code, counts, err = imported(postgres_dsn, data_folder, cut.path)
    assert code == 0, err
    assert counts["messages_known"] >= 500
    assert counts["messages_known"] + counts["messages_added"] == 2_800 > middle - 50
    logs = [
        await log_of(database, await conversation_of(database, work.name("ada"), "channel")) for work in (whole, cut)
    ]
    assert logs[0] == logs[1]


async def test_nobody_gets_what_another_one_said_by_calling_himself_so(
    server: Server, postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    eve = await server.device("eve")
    called = await eve.http("PATCH", "/v1/me", json={"display_name": work.name("ada").upper()})
    assert called.status_code == 200
    code, _, err = imported(postgres_dsn, data_folder, work.written())
    assert (code, work.name("ada") in err) == (1, True), err
    assert (
        await rows(database, "select from users where name_key = any (%s)", [work.name("ada"), work.name("bob")]) == []
    )
    out, err = started(postgres_dsn, data_folder, work.written(), "--dry-run").communicate(timeout=60)
    assert f"another name than: {work.name('ada')}\n" in out, err
    assert (await eve.http("PATCH", "/v1/me", json={"display_name": eve.name})).status_code == 200
    code, counts, err = imported(postgres_dsn, data_folder, work.written())
    assert (code, counts["messages_added"]) == (0, 7), err


async def test_a_dry_run_says_what_would_come_and_changes_nothing(
    server: Server, postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    somebody = await server.device("somebody")
    work.files["users.json"].append({"id": f"UX{work.mark}", "name": somebody.name})
    process = started(postgres_dsn, data_folder, work.written(), "--dry-run")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "people: 4, conversations: 2, messages: 8 at most" in out, "one was deleted: 7 come"
    assert f"account of this name: {somebody.name}" in out
    assert await rows(database, "select 1 from users where name = %s", work.name("ada")) == []


async def test_every_fault_is_told_with_its_file_and_entry_and_nothing_is_imported(
    postgres_dsn: str, data_folder: Path, database: Database, tmp_path: Path
) -> None:
    work = Workspace(tmp_path).talk()
    work.files["users.json"].append({"id": "U9", "name": "bad\u202ename"})
    work.files["general/2023-11-15.json"] = [
        {"type": "message", "text": "no time", "user": work.ada},
        {"type": "message", "text": 7, "user": work.ada, "ts": "1700000000.0001"},
    ]
    code, _, err = imported(postgres_dsn, data_folder, work.written())
    assert code == 1
    assert "users.json: entry 4: `name`" in err
    assert "general/2023-11-15.json: entry 1: `ts`" in err
    assert "general/2023-11-15.json: entry 2: Expected `str | null`, got `int` - at `$.text`" in err
    assert "nothing was changed" in err
    assert await rows(database, "select 1 from users where name = %s", work.name("ada")) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("../../etc/passwd", b"[]", "leads out of the export"),
        ("/abs/2023-11-14.json", b"[]", "leads out of the export"),
        ("general/2023-11-20.json", b" " * 30_000_000, "packed too tightly"),
        ("general/2023-11-20.json", b"[" * 100_000, "general/2023-11-20.json"),
        ("general/2023-11-20.json", b"\xff\xfe", "general/2023-11-20.json"),
    ],
)
def test_a_hostile_zip_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = Workspace(tmp_path).talk().written()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    with pytest.raises(BadExport) as raised:
        Archive(path).check()
    assert said in "\n".join(raised.value.faults)
