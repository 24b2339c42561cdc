"""The second PostgreSQL works like the first, elsewhere."""

from seriatim.bench.yardsticks import postgres


def test_it_takes_the_tuning_of_the_other_and_not_its_place() -> None:
    flags = ["-D", "/there", "-c", "listen_addresses=", "-c", "unix_socket_directories=/run", "-c", "max_wal_size=4GB"]
    assert postgres._tuning(flags) == ["-c", "max_wal_size=4GB"]
