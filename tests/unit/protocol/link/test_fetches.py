from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.link.actions import Position
from seriatim.protocol.link.conversation import Conversation, History
from seriatim.protocol.link.fetches import ANSWER_WITHIN_S, TOGETHER, Fetches


def behind(count: int) -> tuple[Fetches, dict[ConversationId, Conversation]]:
    conversations = {
        ConversationId(id_): Conversation(ConversationId(id_), UserId(1), Position(cursor=1, head=2), History.NEWEST)
        for id_ in range(1, count + 1)
    }
    fetches = Fetches(conversations.__getitem__)
    for conversation in conversations.values():
        conversation.heard_of(2, 0)
        fetches.consider(conversation)
    return fetches, conversations


def transmit(fetches: Fetches, now: float = 0) -> list[int]:
    sent: list[int] = []
    for conversation, direction in fetches.due(now):
        frame = fetches.transmitted(len(sent) + int(now * 1_000) + 1, conversation, direction, now)
        sent.append(frame.conversation_id)
    return sent


def test_a_few_fetches_run_together_and_none_twice_for_one_conversation() -> None:
    fetches, _ = behind(9)
    assert transmit(fetches) == list(range(1, TOGETHER + 1))
    assert transmit(fetches) == []


def test_the_conversation_on_screen_goes_first() -> None:
    fetches, _ = behind(9)
    fetches.focus = (ConversationId(8),)
    assert transmit(fetches)[0] == 8


def test_what_is_not_answered_in_time_is_asked_again() -> None:
    fetches, _ = behind(1)
    assert transmit(fetches) == [1]
    fetches.overdue(ANSWER_WITHIN_S)
    assert transmit(fetches, ANSWER_WITHIN_S) == [1]


def test_nothing_is_asked_while_the_server_is_over_its_rate() -> None:
    fetches, _ = behind(2)
    fetches.pause(3.0)
    assert transmit(fetches, 2.9) == []
    assert fetches.next_at() == 3.0
    assert transmit(fetches, 3.0) == [1, 2]


def test_a_lost_connection_asks_again_on_the_next_one() -> None:
    fetches, _ = behind(1)
    transmit(fetches)
    fetches.disconnected()
    assert transmit(fetches, 1.0) == [1]
