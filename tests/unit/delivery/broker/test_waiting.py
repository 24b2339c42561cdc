from datetime import UTC, datetime
from uuid import UUID

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.broker.shared import Reload
from seriatim.delivery.broker.waiting import AT_ONCE, WAITING, Going, News, Waiting, bundled
from seriatim.protocol.answers import DevicesChanged, SelfChanged
from seriatim.protocol.entries import MessageSent


def news(number: int) -> Going:
    return Going(Told(UserId(number), SelfChanged(what=DevicesChanged())))


def test_what_is_shared_goes_before_news_is_dropped_and_the_oldest_of_each_first() -> None:
    waiting = Waiting()
    for number in range(100):
        waiting.put_shared(Reload(UserId(number)))
    waiting.put([news(number) for number in range(WAITING - 50)])
    assert waiting.dropped_count == 50
    taken = waiting.take()
    shared = [one.news for one in taken if isinstance(one.news, Reload)]
    assert [one.user_id for one in shared] == list(range(50, 100))
    waiting.put([news(number) for number in range(WAITING)])
    assert waiting.dropped_count == 50 + WAITING - 50 - AT_ONCE
    waiting.put_shared(Reload(UserId(7)))
    assert waiting.dropped_count == 50 + WAITING - 50 - AT_ONCE + 1, "where news fills it, nothing shared waits"
    kept: list[object] = []
    while waiting:
        kept += waiting.take()
    assert kept == [news(number) for number in range(WAITING)]


def hint(conversation_id: int, seq: int, *to: str) -> Going:
    entry = MessageSent(
        conversation_id=ConversationId(conversation_id),
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ordinal=seq,
        body="hi",
    )
    return Going(Hint("e", entry, 1), to or None)


def places(bundles: list[tuple[str | None, list[News]]]) -> list[tuple[str | None, list[tuple[int, int]]]]:
    return [
        (to, [(one.entry.conversation_id, one.entry.seq) for one in news if isinstance(one, Hint)])
        for to, news in bundles
    ]


def test_each_gateway_gets_one_bundle_with_what_concerns_it() -> None:
    going = [hint(7, 1, "b", "c"), hint(8, 1), hint(9, 1, "c"), hint(7, 2, "b", "c"), hint(8, 2)]
    assert places(bundled(going)) == [
        ("b", [(7, 1), (7, 2)]),
        ("c", [(7, 1), (9, 1), (7, 2)]),
        (None, [(8, 1), (8, 2)]),
    ]
    assert bundled([Going(Told(UserId(1), SelfChanged(what=DevicesChanged())), ())]) == [], "nobody is concerned"


def test_a_conversation_that_changes_its_way_keeps_its_order() -> None:
    going = [hint(7, 1, "b"), hint(9, 1, "b"), hint(7, 2), hint(9, 2, "b"), hint(7, 3, "b"), hint(7, 4, "b")]
    assert places(bundled(going)) == [
        ("b", [(7, 1), (9, 1)]),
        (None, [(7, 2)]),
        ("b", [(9, 2)]),
        ("b", [(7, 3), (7, 4)]),
    ]
