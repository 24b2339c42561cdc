from seriatim.core.ids import UserId
from seriatim.delivery.broker.port import Told
from seriatim.delivery.broker.shared import Reload
from seriatim.delivery.broker.waiting import AT_ONCE, WAITING, Waiting
from seriatim.protocol.answers import DevicesChanged, SelfChanged


def news(number: int) -> Told:
    return Told(UserId(number), SelfChanged(what=DevicesChanged()))


def test_what_is_shared_goes_before_news_is_dropped_and_the_oldest_of_each_first() -> None:
    waiting = Waiting()
    for number in range(100):
        waiting.put_shared(Reload(UserId(number)))
    waiting.put([news(number) for number in range(WAITING - 50)])
    assert waiting.dropped_count == 50
    taken = waiting.take()
    assert [one.user_id for one in taken if isinstance(one, Reload)] == list(range(50, 100))
    waiting.put([news(number) for number in range(WAITING)])
    assert waiting.dropped_count == 50 + WAITING - 50 - AT_ONCE
    waiting.put_shared(Reload(UserId(7)))
    assert waiting.dropped_count == 50 + WAITING - 50 - AT_ONCE + 1, "where news fills it, nothing shared waits"
    kept: list[object] = []
    while waiting:
        kept += waiting.take()
    assert kept == [news(number) for number in range(WAITING)]
