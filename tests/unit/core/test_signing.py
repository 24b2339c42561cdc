"""Signatures of what is called at somebody's address."""

import base64

from seriatim.core.signing import secret_of, shown, signed


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own reference libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


def test_every_receiver_has_a_secret_of_his_own() -> None:
    key = bytes(32)
    assert secret_of(key, 1) != secret_of(key, 2)
    assert secret_of(key, 1) == secret_of(key, 1)
    assert base64.b64decode(shown(secret_of(key, 1)).removeprefix("whsec_")) == secret_of(key, 1)
