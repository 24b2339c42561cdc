"""Servers that contract suites share."""

from collections.abc import Iterator

import pytest

from valkey_cluster import Cluster


@pytest.fixture(scope="session")
def formed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster of three masters with a replica each."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(formed: Cluster) -> Cluster:
    """Return the cluster, whole, whatever the test before did to it."""
    formed.repair()
    return formed
