"""What is exported is what may be read, and a page of it is harmless."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from seriatim.core.ids import uuid7
from seriatim.storage.postgres.database import Database
from world import Device, Server

HOSTILE = "<script>alert(1)</script> & <img src=x onerror=alert(1)> \u202e"


def exported(dsn: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from seriatim.app.cli import main; main()", "export", *arguments],
        env={**os.environ, "SERIATIM_DATABASE_URL": dsn, "SERIATIM_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_a_conversation_is_exported_whole_over_several_pages(
    server: Server, postgres_dsn: str, data_folder: Path
) -> None:
    ada = await server.device("ada")
    bob = await server.device("bob")
    here = await ada.group(bob)
    for number in range(205):
        await ada.send(here, f"message {number}")
    head, *entries = lines(exported(postgres_dsn, data_folder, "conversation", str(here)))
    assert (head["type"], head["conversation_id"]) == ("conversation", here)
    assert [entry["seq"] for entry in entries] == list(range(1, 207))
    assert entries[-1]["body"] == "message 204"


async def test_a_users_export_is_what_he_may_read_and_no_more(
    server: Server, postgres_dsn: str, data_folder: Path
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here, elsewhere = await ada.group(bob), await ada.group()
    await ada.send(here, "for both")
    await ada.send(elsewhere, "for ada alone")
    await bob.command("leave", conversation_id=here)
    await ada.send(here, "after bob left")
    found = lines(exported(postgres_dsn, data_folder, "user", bob.name))
    assert [(one["type"], one["name"]) for one in found if one.get("type") == "user"] == [("user", bob.name)]
    assert [one["type"] for one in found if "type" in one].count("device") == 1
    assert [one["body"] for one in found if one.get("kind") == "message_sent"] == ["for both"]
    page = exported(postgres_dsn, data_folder, "user", bob.name, "--html")
    assert page.returncode == 0, page.stderr
    assert [said in page.stdout for said in (bob.name, "for both", "for ada alone", "after bob left")] == [
        True,
        True,
        False,
        False,
    ]
    assert page.stdout.endswith("</html>\n")


async def test_a_users_export_holds_what_is_kept_of_him_alone(
    server: Server, postgres_dsn: str, data_folder: Path, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    seq = (await ada.send(here, "words"))["seq"]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await kept_of(bob, here, seq, soon)
    await bob.http("PUT", f"/v1/blocks/{ada.user_id}")
    async with database.transaction() as connection:
        await connection.execute(
            "insert into user_groups (id, name, name_key, created_at) values (%(id)s, %(name)s, %(name)s, now())",
            {"id": bob.user_id, "name": f"group of {bob.name}"},
        )
        await connection.execute(
            "insert into user_group_members (group_id, user_id) values (%s, %s)", [bob.user_id] * 2
        )
    of_bob = {one["type"]: one for one in lines(exported(postgres_dsn, data_folder, "user", bob.name)) if "type" in one}
    assert of_bob["saved"]["seq"] == of_bob["reminder"]["seq"] == seq
    assert of_bob["scheduled"]["message"]["body"] == "not yet"
    assert of_bob["draft"]["value"]["text"] == "half a thou"
    assert of_bob["settings"]["value"] == {"read_receipts": False}
    assert of_bob["group"]["name"] == f"group of {bob.name}"
    assert of_bob["block"]["user_id"] == ada.user_id
    of_ada = {one["type"] for one in lines(exported(postgres_dsn, data_folder, "user", ada.name)) if "type" in one}
    assert of_ada == {"user", "device", "conversation"}, "nothing of what is Bob's"


async def kept_of(device: Device, here: int, seq: int, soon: str) -> None:
    """Leave a draft, a setting, and something to have later."""
    key = str(uuid7())
    message = {"type": "send", "id": 1, "conversation_id": here, "client_id": key, "body": "not yet"}
    assert (await device.http("PUT", f"/v1/me/saved/{here}/{seq}")).is_success
    assert (await device.http("PATCH", "/v1/me/settings", json={"read_receipts": False})).is_success
    for path, body in (
        ("scheduled", {"message": message, "send_at": soon}),
        ("reminders", {"conversation_id": here, "seq": seq, "remind_at": soon}),
    ):
        assert (await device.http("POST", f"/v1/me/{path}", json=body)).is_success
    now = datetime.now(UTC).isoformat()
    await device.ask("draft", conversation_id=here, text="half a thou", changed_at=now)


async def test_the_page_is_text_whatever_people_wrote(server: Server, postgres_dsn: str, data_folder: Path) -> None:
    ada = await server.device("ada")
    here = await ada.group(title="<b>A title</b>")
    await ada.send(here, HOSTILE)
    done = exported(postgres_dsn, data_folder, "conversation", str(here), "--html")
    assert done.returncode == 0, done.stderr
    tags = Tags()
    tags.feed(done.stdout)
    assert {tag for tag, _ in tags.found}.isdisjoint({"script", "img", "b", "link", "iframe"})
    assert not [name for _, names in tags.found for name in names if name.startswith("on") or name in ("src", "href")]
    assert HOSTILE in tags.text
    assert "default-src 'none'" in done.stdout


def test_what_is_not_there_is_said(postgres_dsn: str, data_folder: Path) -> None:
    done = exported(postgres_dsn, data_folder, "user", "nobody is called so")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody has this name" in done.stderr
