"""Password hashes and the list of common passwords."""

import pytest
from argon2 import extract_parameters

from seriatim.features.accounts.passwords import Passwords, common_passwords


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


async def test_only_the_password_itself_matches_its_hash(passwords: Passwords) -> None:
    made = await passwords.hash("correct giraffe")
    assert await passwords.verify(made, "correct giraffe")
    assert not await passwords.verify(made, "correct giraffa")


async def test_hashes_cost_what_is_promised_and_are_salted(passwords: Passwords) -> None:
    made = await passwords.hash("correct giraffe")
    parameters = extract_parameters(made)
    assert made.startswith("$argon2id$")
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)
    assert made != await passwords.hash("correct giraffe")


async def test_nobody_s_password_is_checked_with_the_same_work_and_never_matches(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def matches(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return True

    monkeypatch.setattr(passwords, "matches", matches)
    assert not await passwords.verify(None, "the password of a name that nobody has")
    assert [extract_parameters(made) for made in checked] == [extract_parameters(await passwords.hash("x"))]


async def test_a_damaged_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify("$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA", "correct giraffe")


def test_the_list_holds_only_passwords_that_the_length_rule_lets_through_folded_as_they_are_compared() -> None:
    assert len(common_passwords()) > 500
    assert all(len(password) >= 10 and password == password.casefold() for password in common_passwords())
    assert "password123" in common_passwords()
