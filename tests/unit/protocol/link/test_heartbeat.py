from seriatim.protocol.link.heartbeat import Heartbeat


def test_a_ping_is_due_every_interval_and_its_pong_within_ten_seconds() -> None:
    heartbeat = Heartbeat()
    assert heartbeat.next_at() is None
    heartbeat.begin(0.0, 25_000)
    assert not heartbeat.is_due(24.9)
    assert heartbeat.is_due(25.0)
    assert not heartbeat.is_lost(34.9)
    assert heartbeat.is_lost(35.0)
    heartbeat.heard()
    assert not heartbeat.is_lost(99.0)
    heartbeat.end()
    assert heartbeat.next_at() is None
