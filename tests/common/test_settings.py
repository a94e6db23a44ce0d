"""A process refuses to start with settings that are missing, wrong or unsafe."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import ClassVar

import pytest
from common.security.demo import DEMO_ISSUER, demo_key, demo_token
from common.settings import Mode, PartName, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

KEY = base64.b64encode(bytes(range(32))).decode()


class RegistrySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="REGISTRY_")
    keys: ClassVar[tuple[str, ...]] = ("parking_key", "master_key", "hmac_key", "own_key")

    port: int = Field(default=8001, ge=1, le=65535)
    audience: str = "registry"
    master_key: SecretStr | None = None
    hmac_key: SecretStr | None = None
    own_key: SecretStr | None = None


GOOD = {
    "MODE": "production",
    "KAFKA": "kafka:9092",
    "ISSUER": "https://issuer.example",
    "JWKS": "https://issuer.example/jwks",
    "REGISTRY_OWNER_URL": "postgresql://owner:s3cret@db/registry",
    "REGISTRY_APP_URL": "postgresql://app:s3cret@db/registry",
    "REGISTRY_WORK_URL": "postgresql://work:s3cret@db/registry",
    "REGISTRY_PARKING_KEY": KEY,
    "REGISTRY_MASTER_KEY": KEY,
    "REGISTRY_HMAC_KEY": KEY,
    "REGISTRY_OWN_KEY": KEY,
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)


def given(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    for name, value in (GOOD | changes).items():
        if value is not None:
            monkeypatch.setenv(name, value)


def refusal(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as exit_:
        RegistrySettings.load()
    assert exit_.value.code == 2
    return [line.strip() for line in capsys.readouterr().err.splitlines()[1:]]


def test_production_starts_with_complete_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared variables need no prefix; what production must not have is off."""
    given(monkeypatch, TOPIC_PREFIX="uji.", REGISTRY_PARTS="api, relay")

    settings = RegistrySettings.load()

    assert (
        settings.mode,
        settings.kafka,
        settings.topic_prefix,
    ) == (Mode.PRODUCTION, "kafka:9092", "uji.")
    assert frozenset({PartName.API, PartName.RELAY}) == settings.parts
    assert (
        settings.movable_clock,
        settings.nik_99,
        settings.topic_partitions,
    ) == (False, False, 12)
    assert bytes(range(32)) == settings.key("master_key")
    assert "s3cret" not in repr(settings)


def test_a_service_s_own_variable_wins_over_the_shared_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """REGISTRY_KAFKA is for the registry alone; HOST without a prefix is somebody else's."""
    given(monkeypatch, REGISTRY_KAFKA="own:9092", HOST="elsewhere")

    settings = RegistrySettings.load()

    assert (settings.kafka, settings.host) == ("own:9092", "127.0.0.1")


def test_no_mode_is_production(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forgotten MODE does not open the demo's doors."""
    given(monkeypatch, MODE=None, ISSUER=None)

    assert refusal(capsys) == ["ISSUER: set the https address of the token issuer"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"ISSUER": DEMO_ISSUER},
            "ISSUER: the demo issuer is for demo and test; set your own",
        ),
        (
            {"ISSUER": "http://issuer.example"},
            "ISSUER: set the https address of the token issuer",
        ),
        (
            {"JWKS": "http://issuer.example/jwks"},
            "JWKS: set the https address of the issuer's key set",
        ),
        (
            {"JWKS": "var/secrets/jwks.json"},
            "JWKS: set the https address of the issuer's key set",
        ),
        ({"JWKS": None}, "JWKS: set the https address of the issuer's key set"),
        (
            {"REGISTRY_NIK_99": "true"},
            "REGISTRY_NIK_99: invented NIK are for demo and test; remove it",
        ),
        (
            {"MOVABLE_CLOCK": "true"},
            "MOVABLE_CLOCK: the clock moves in demo and test; remove it",
        ),
        (
            {"REGISTRY_HMAC_KEY": None},
            "REGISTRY_HMAC_KEY: set 32 random bytes in base64, or REGISTRY_HMAC_KEY_FILE",
        ),
        ({"REGISTRY_MASTER_KEY": "c2hvcnQ="}, "REGISTRY_MASTER_KEY: must be 32 bytes in base64"),
    ],
    ids=str,
)
def test_production_refuses_what_is_unsafe(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str | None],
    line: str,
) -> None:
    """Each refusal names the variable and what to do."""
    given(monkeypatch, **changes)

    assert [line] == refusal(capsys)


def test_what_is_missing_or_wrong_is_listed_without_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short list, no traceback, no value: it may be a password."""
    given(
        monkeypatch,
        REGISTRY_APP_URL=None,
        KAFKA=None,
        REGISTRY_PORT="eighty-hunter2",
        TOPIC_PARTITIONS="0",
        REGISTRY_PARTS="api,cooker",
    )

    lines = refusal(capsys)

    assert sorted(line.split(":")[0] for line in lines) == [
        "KAFKA",
        "REGISTRY_APP_URL",
        "REGISTRY_PARTS",
        "REGISTRY_PORT",
        "TOPIC_PARTITIONS",
    ]
    assert "not set; give Kafka's bootstrap servers" in next(x for x in lines if "KAFKA" in x)
    assert "hunter2" not in "".join(lines)


def test_secrets_may_come_from_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """NAME_FILE for every secret; an unreadable file is named."""
    (tmp_path / "url").write_text("postgresql://from-file\n")
    (tmp_path / "key").write_text(base64.b64encode(b"k" * 32).decode() + "\n")
    given(
        monkeypatch,
        REGISTRY_APP_URL=None,
        REGISTRY_APP_URL_FILE=str(tmp_path / "url"),
        REGISTRY_HMAC_KEY=None,
        REGISTRY_HMAC_KEY_FILE=str(tmp_path / "key"),
    )

    settings = RegistrySettings.load()

    assert settings.app_url.get_secret_value() == "postgresql://from-file"
    assert settings.key("hmac_key") == b"k" * 32
    monkeypatch.setenv("REGISTRY_HMAC_KEY_FILE", str(tmp_path / "none"))
    assert "REGISTRY_HMAC_KEY_FILE: cannot read" in refusal(capsys)[0]


async def test_the_demo_needs_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys are made in secrets_dir, its tokens are accepted, the clock moves."""
    given(
        monkeypatch,
        MODE="demo",
        SECRETS_DIR=str(tmp_path),
        ISSUER=None,
        JWKS=None,
        REGISTRY_PARKING_KEY=None,
        REGISTRY_MASTER_KEY=None,
        REGISTRY_OWN_KEY=None,
    )

    settings = RegistrySettings.load()
    token = demo_token(tmp_path, audience="registry", scopes=["a:b"])

    assert (settings.issuer, settings.movable_clock) == (DEMO_ISSUER, True)
    assert demo_key(tmp_path, "parking_key") == settings.key("parking_key")
    assert bytes(range(32)) == settings.key("hmac_key")
    assert (len(settings.key("own_key")), settings.key("own_key")) == (32, settings.key("own_key"))
    assert (await settings.authenticator().authenticate(token)).subject == "petugas"
    with pytest.raises(KeyError):
        settings.key("owner_url")


def test_production_never_makes_demo_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its directory of secrets stays as it was."""
    given(monkeypatch, SECRETS_DIR=str(tmp_path / secrets.token_hex(4)))

    settings = RegistrySettings.load()
    settings.authenticator()
    settings.key("parking_key")

    assert list(tmp_path.iterdir()) == []
