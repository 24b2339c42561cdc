"""Traces: a sampled command notes its hops with times and costs, and a sink sees those of all commands."""

from seriatim.core.trace import Hop, Passed, Trace, passed, set_sink


def test_a_sampled_command_notes_each_hop_with_its_cost() -> None:
    trace = Trace(5)
    passed(trace, Hop.COMMIT, network=1, statements=2, rows=3, commits=4)
    first, second = trace.hops
    assert first == Passed(Hop.RECEIVE, 5, 1, 0, 0, 0), "its bytes crossed the network once"
    assert second == Passed(Hop.COMMIT, second.at_ns, 1, 2, 3, 4)
    assert second.at_ns > first.at_ns


def test_a_sink_sees_the_hops_of_commands_that_are_not_sampled_until_it_is_taken_out() -> None:
    seen: list[Hop] = []
    set_sink(seen.append)
    try:
        passed(None, Hop.QUEUE)
        passed(Trace(0), Hop.COMMIT)
    finally:
        set_sink(None)
    passed(None, Hop.WRITE)
    assert seen == [Hop.QUEUE, Hop.COMMIT]
