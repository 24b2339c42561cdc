"""Settings: which source wins, and that a wrong one is named before anything starts."""

from pathlib import Path
from typing import Any

import pytest

from seriatim.app.settings import BadSettings, Settings, load
from seriatim.features.accounts.rules import SignUpPolicy
from seriatim.protocol.limits import Rate, Rates


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    assert load({}, data=tmp_path) == Settings(data=tmp_path)


def test_the_command_line_wins_over_variables_and_these_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "seriatim.toml").write_text(
        'host = "file"\nport = 1\nsign_up = "closed"\n[rates.send]\nper_s = 2\nburst = 3\n'
    )
    settings = load({"SERIATIM_DATA": str(tmp_path), "SERIATIM_HOST": "variable", "SERIATIM_PORT": "2"}, port=3)
    assert (settings.data, settings.host, settings.port) == (tmp_path, "variable", 3)
    assert settings.sign_up is SignUpPolicy.CLOSED
    assert settings.rates == Rates(send=Rate(2.0, 3)), "the other rates keep their defaults"


def test_lists_and_tables_are_json_in_variables_and_text_is_not(tmp_path: Path) -> None:
    secret = "{a secret may begin with a brace, and end as it likes]"
    settings = load(
        {
            "SERIATIM_ORIGINS": '["https://a.example"]',
            "SERIATIM_RATES": '{"send":{"per_s":1,"burst":2}}',
            "SERIATIM_SECRET": secret,
            "SERIATIM_HOST": "[::1]",
            "OTHER_PORT": "1",
        },
        data=tmp_path,
    )
    assert settings.origins == ["https://a.example"]
    assert settings.rates.send == Rate(1.0, 2)
    assert (settings.secret, settings.host) == (secret, "[::1]")


@pytest.mark.parametrize(
    ("named", "value", "said"),
    [
        ("port", "many", "$.port"),
        ("port", "70000", "$.port"),
        ("port", "-1", "$.port"),
        ("token_life_s", "0", "$.token_life_s"),
        ("drain_s", "-1", "$.drain_s"),
        ("handshakes_per_s", "0", "$.handshakes_per_s"),
        ("role", "both", "$.role"),
        ("processes", "0", "$.processes"),
        ("processes", "33", "$.processes"),
        ("unauthenticated_sockets_per_address", "0", "$.unauthenticated_sockets_per_address"),
        ("sign_up", "sometimes", "$.sign_up"),
        ("origins", "https://a.example", "SERIATIM_ORIGINS"),
        ("rates", '{"send":{"per_s":"x","burst":1}}', "$.rates.send.per_s"),
        ("trusted_proxies", '["nonsense"]', "trusted_proxies"),
        ("egress_allow", '["nonsense"]', "egress_allow"),
        ("public_url", "chat.example.org", "public_url"),
        ("public_url", "https://chat.example.org/chat", "public_url"),
        ("smtp_url", "mail.example.org", "smtp_url"),
        ("smtp_url", "smtp://chat:words@mail.example.org", "smtp_url: a password goes over TLS only"),
        ("smtp_url", "smtps://mail.example.org", "mail_from"),
        ("database_direct_url", "postgresql://db/chat", "database_direct_url: it needs database_url"),
        ("tls_key", "/there/is/none.pem", "tls_key"),
        ("tls_certificate", "/there/is/none.pem", "tls_certificate"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, named: str, value: str, said: str) -> None:
    with pytest.raises(BadSettings) as wrong:
        load({f"SERIATIM_{named.upper()}": value}, data=tmp_path)
    assert said in str(wrong.value)


@pytest.mark.parametrize(("text", "said"), [("port = ", "seriatim.toml"), ("prot = 8000", "prot")])
def test_a_file_that_is_no_toml_or_has_an_unknown_name_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "seriatim.toml").write_text(text)
    with pytest.raises(BadSettings, match=said):
        load({}, data=tmp_path)


def test_mail_needs_a_sender_and_an_address_of_the_page(tmp_path: Path) -> None:
    mail = {"SERIATIM_SMTP_URL": "starttls://chat:words@mail.example.org", "SERIATIM_MAIL_FROM": "chat@example.org"}
    with pytest.raises(BadSettings, match="public_url"):
        load(mail, data=tmp_path)
    assert load({**mail, "SERIATIM_PUBLIC_URL": "https://chat.example.org"}, data=tmp_path).mail_from


def test_a_key_needs_its_certificate(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.touch()
    certificate.touch()
    named: dict[str, Any] = {"data": tmp_path, "tls_key": key}
    with pytest.raises(BadSettings, match="tls_certificate"):
        load({}, **named)
    assert load({}, **named, tls_certificate=certificate).tls_key == key


MEETING = {"SERIATIM_DATABASE_URL": "postgresql://", "SERIATIM_BROKER_URL": "redis://localhost"}


@pytest.mark.parametrize(("role", "missing"), [("gateway", "database_url"), ("worker", "broker_url")])
def test_a_role_of_its_own_needs_to_meet_the_others(tmp_path: Path, role: str, missing: str) -> None:
    named = {**MEETING, "SERIATIM_ROLE": role}
    assert load(named, data=tmp_path).role == role
    del named[f"SERIATIM_{missing.upper()}"]
    with pytest.raises(BadSettings, match=missing):
        load(named, data=tmp_path)


def test_a_worker_is_one_process(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="processes"):
        load({**MEETING, "SERIATIM_ROLE": "worker"}, data=tmp_path, processes=2)
    assert load({**MEETING, "SERIATIM_ROLE": "gateway"}, data=tmp_path, processes=2).processes == 2
