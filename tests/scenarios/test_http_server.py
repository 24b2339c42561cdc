"""The HTTP side of a server as a whole: health, outages, bugs, and everything that is no request of ours."""

from collections.abc import Callable
from pathlib import Path

import pytest

import seriatim
from scenarios.front_door import PASSWORD, FrontDoor, refused
from seriatim.core.ids import DeviceId, UserId
from seriatim.storage.postgres.database import Database


@pytest.fixture
def door(database: Database) -> FrontDoor:
    return FrontDoor(database)


# The server itself


async def test_health_says_why_it_cannot_serve(door: FrontDoor) -> None:
    assert (await door.call("GET", "/health")).json() == {"status": "ok"}
    door.why_unavailable = "the database does not answer"
    answer = await door.call("GET", "/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the database does not answer")


async def test_while_the_database_is_unreachable_every_route_says_when_to_come_back() -> None:
    lost = Database("host=/nonexistent dbname=nothing")
    door = FrontDoor(lost)
    token, _ = door.tokens.issue(UserId(1), DeviceId(1))
    body = {"name": "ada", "password": PASSWORD, "device": {"name": "x"}}
    calls: list[Callable[[], object]] = [
        lambda: door.call("GET", "/v1/me", token=token),
        lambda: door.call("POST", "/v1/auth/log-in", json=body),
    ]
    for call in calls:
        answer = await call()  # type: ignore[misc]
        assert refused(answer)[:2] == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_bug_is_told_as_one_and_shows_nothing_of_itself(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await door.sign_up()

    def broken(*_: object) -> None:
        raise RuntimeError("select secret from a_table")

    monkeypatch.setattr("seriatim.features.accounts.people.me", broken)
    answer = await door.call("GET", "/v1/me", token=ada["access_token"])
    assert refused(answer)[:2] == (500, "internal")
    assert "secret" not in answer.text


async def test_unknown_addresses_and_methods_are_problems_too(door: FrontDoor) -> None:
    for path in ("/v1/nothing", "/v1", "/nothing", "/v1/auth/nothing"):
        assert refused(await door.call("GET", path))[:2] == (404, "not_found")
    assert refused(await door.call("POST", "/v1/nothing"))[:2] == (404, "not_found")
    answer = await door.call("PUT", "/v1/auth/log-in")
    assert refused(answer)[:2] == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b'{"name":"\xff"}', 400, "bad_request"),
        (rb'{"name":"\ud800","password":"correct giraffe","device":{"name":"x"}}', 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'"' + b"x" * (256 * 1024) + b'"', 413, "too_large"),
    ],
)
async def test_a_body_that_is_none_is_refused(door: FrontDoor, content: bytes, status: int, code: str) -> None:
    answer = await door.call("POST", "/v1/auth/log-in", content=content)
    assert refused(answer)[:2] == (status, code)


async def test_a_document_describes_every_route_and_its_refusals(door: FrontDoor) -> None:
    document = (await door.call("GET", "/v1/openapi.json")).json()
    operations = {
        (method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    assert ("post", "/v1/auth/sign-up") in operations
    assert ("delete", "/v1/devices/{device_id}") in operations
    assert operations["get", "/v1/users"].get("parameters")
    for operation in operations.values():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert names <= {"name", "ids", "device_id", "user_id", "guest"}, (
            "what a handler gets from the server is no parameter"
        )
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert operations["post", "/v1/auth/log-in"]["security"] == []
    assert "security" not in operations["get", "/v1/me"]


def test_the_files_that_are_no_modules_stand_beside_them() -> None:
    package = Path(seriatim.__file__).parent
    assert (package / "features" / "accounts" / "common_passwords.txt").is_file()
    assert (package / "gateway" / "http" / "docs" / "index.html").is_file()
