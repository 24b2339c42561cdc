"""Access tokens: what a good one proves, and that no other one is believed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from seriatim.core.clock import ManualClock
from seriatim.core.errors import TokenExpired, Unauthenticated
from seriatim.core.ids import DeviceId, UserId
from seriatim.features.accounts.tokens import Tokens

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY, OLD_KEY, FOREIGN_KEY = b"a" * 32, b"b" * 32, b"c" * 32
KEYS = {"new": KEY, "old": OLD_KEY}
ADA, LAPTOP = UserId(1), DeviceId(2**53 - 1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def tokens(clock: ManualClock) -> Tokens:
    return Tokens(KEYS, clock)


def payload(**changes: Any) -> dict[str, Any]:
    expires = int((NOW + timedelta(minutes=5)).timestamp())
    return {"iss": "seriatim", "aud": "seriatim.v1", "sub": "1", "device": 7, "exp": expires} | changes


def forged(key: bytes = KEY, kid: Any = "new", algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(payload(**changes), key, algorithm=algorithm, headers={"kid": kid})


def by_hand(head: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body)]
    return ".".join([*parts, signature])


def test_a_token_proves_its_user_and_device_until_it_expires(tokens: Tokens, clock: ManualClock) -> None:
    token, expires_at = tokens.issue(ADA, LAPTOP)
    assert tokens.verify(token) == (ADA, LAPTOP, expires_at)
    assert expires_at == NOW + timedelta(minutes=10)
    clock.advance(599.0)
    assert tokens.verify(token).user_id == ADA
    clock.advance(1.0)
    with pytest.raises(TokenExpired):
        tokens.verify(token)


def test_a_token_made_by_hand_as_we_make_them_is_good(tokens: Tokens) -> None:
    assert tokens.verify(forged()).device_id == 7, "or the forgeries below fail for another reason"


def test_a_key_that_no_longer_signs_still_verifies(tokens: Tokens) -> None:
    assert tokens.verify(forged(OLD_KEY, "old")).user_id == ADA
    assert jwt.get_unverified_header(tokens.issue(ADA, LAPTOP)[0])["kid"] == "new"


@pytest.mark.parametrize(
    "token",
    [
        forged(FOREIGN_KEY),
        forged(OLD_KEY, "new"),
        forged(kid="unknown"),
        forged(kid="../../dev/null"),
        forged(algorithm="HS512", key=b"a" * 64),
        forged(aud="another"),
        forged(aud=["seriatim.v1", "another"]),
        forged(iss="another"),
        forged(sub="ada"),
        forged(sub=None),
        forged(device="7"),
        forged(exp="soon"),
        forged(exp=10**30),
        by_hand({"alg": "none", "typ": "JWT"}, payload()),
        by_hand({"alg": "none", "kid": "new", "typ": "JWT"}, payload()),
        by_hand({"alg": "HS256", "kid": "new", "typ": "JWT"}, payload()),
        forged()[:-2] + "AA",
        forged() + "A",
        forged().rpartition(".")[0],
        "." + forged(),
        "",
        "..",
        "a.b.c",
        "\u00e9.\ud800.x",
    ],
)
def test_a_token_that_we_did_not_make_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token)
    assert type(refused.value) is Unauthenticated


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "device", "exp"])
def test_a_token_without_one_of_its_claims_is_refused(tokens: Tokens, missing: str) -> None:
    claims = payload()
    del claims[missing]
    with pytest.raises(Unauthenticated):
        tokens.verify(jwt.encode(claims, KEY, algorithm="HS256", headers={"kid": "new"}))


def test_a_body_changed_under_its_signature_is_refused(tokens: Tokens) -> None:
    head, _, signature = forged().split(".")
    other = forged(sub="2").split(".")[1]
    with pytest.raises(Unauthenticated):
        tokens.verify(f"{head}.{other}.{signature}")


def test_a_token_of_another_server_is_refused(clock: ManualClock, tokens: Tokens) -> None:
    token, _ = Tokens({"new": FOREIGN_KEY}, clock).issue(ADA, LAPTOP)
    with pytest.raises(Unauthenticated):
        tokens.verify(token)
