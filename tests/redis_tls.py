"""A real Redis that speaks TLS and nothing else: Debian's, for the Valkey of the wheel has no TLS."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotConnected

from certificates import certificate_for
from started import until_it_answers

WHOLE_WITHIN_S = 10.0


class RedisWithTls:
    """One server on loopback, with a certificate of its own; as a cluster it is its only node."""

    def __init__(self, folder: Path, *, cluster: bool) -> None:
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")  # one program, which asks its name
        assert program is not None, "there is no Redis: scripts/redis installs it"
        self.certificate, key = certificate_for(folder)
        self._port = _free_port()
        options = {
            "port": "0",
            "tls-port": str(self._port),
            "bind": "127.0.0.1",
            "tls-cert-file": str(self.certificate),
            "tls-key-file": str(key),
            "tls-ca-cert-file": str(self.certificate),
            "tls-auth-clients": "no",
            "dir": str(folder),
            "save": "",
        }
        if cluster:
            options |= {"cluster-enabled": "yes", "tls-cluster": "yes", "cluster-port": str(_free_port())}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(["redis-server", *words], executable=program, stdout=subprocess.DEVNULL)
        self.address = f"127.0.0.1:{self._port}"
        self._is_cluster = cluster

    def wait(self) -> None:
        """Wait until it answers, and until its cluster is whole."""
        with Redis(port=self._port, host="127.0.0.1", ssl=True, ssl_ca_certs=str(self.certificate)) as redis:
            until_it_answers(redis.ping, NotConnected, "Redis")
            if self._is_cluster:
                redis.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
                until = time.monotonic() + WHOLE_WITHIN_S
                while b"cluster_state:ok" not in redis.execute_command("CLUSTER", "INFO"):
                    assert time.monotonic() < until, "the cluster is not whole"
                    time.sleep(0.02)

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
