"""Ids: in range for JavaScript, the same for a retry, in the order of their time."""

from uuid import UUID

from seriatim.core.ids import MAX_ID, DeviceId, conversation_id_of, random_id, uuid7

KEY = UUID("01939b1e-7c00-7000-8000-00000000002a")


def test_random_ids_are_positive_and_exact_in_javascript() -> None:
    ids = {random_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(1 <= id_ <= MAX_ID == 2**53 - 1 for id_ in ids)


def test_a_retry_finds_the_conversation_that_its_key_made() -> None:
    assert conversation_id_of(b"secret", DeviceId(7), KEY) == conversation_id_of(b"secret", DeviceId(7), KEY)


def test_another_secret_device_key_or_attempt_makes_another_conversation() -> None:
    ids = {
        conversation_id_of(b"secret", DeviceId(7), KEY),
        conversation_id_of(b"another", DeviceId(7), KEY),
        conversation_id_of(b"secret", DeviceId(8), KEY),
        conversation_id_of(b"secret", DeviceId(7), UUID(int=KEY.int + 1)),
        conversation_id_of(b"secret", DeviceId(7), KEY, 1),
    }
    assert len(ids) == 5
    assert all(1 <= id_ <= MAX_ID for id_ in ids)


def test_keys_say_their_version_and_sort_by_their_millisecond() -> None:
    early, late = uuid7(1_000), uuid7(1_001)
    assert (early.version, early.variant) == (7, "specified in RFC 4122")
    assert early.int >> 80 == 1_000
    assert early < late
    assert uuid7(1_000) != early
