"""What the service is told: production wants its own keys, demo and test make theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from common.settings import Mode
from notifications.settings import Settings
from pydantic import ValidationError

GIVEN: dict[str, Any] = {
    "owner_url": "postgresql://owner@h/d",
    "app_url": "postgresql://app@h/d",
    "work_url": "postgresql://work@h/d",
    "kafka": "h:9092",
    "port": 8003,
    "smtp_host": "h",
    "mail_from": "desasadar@bpjs.example",
}


def test_production_asks_for_the_directorys_key():
    """Names are never sealed with a key that was made on the way."""
    with pytest.raises(ValidationError, match="NOTIFICATIONS_DIRECTORY_KEY: set 32 random bytes"):
        Settings(**GIVEN, mode=Mode.PRODUCTION)


def test_demo_makes_a_key_of_its_own(tmp_path: Path):
    """The same at every start, and not the parking key itself."""
    keys = [
        Settings(**GIVEN, mode=Mode.DEMO, secrets_dir=tmp_path).key("directory_key")
        for _ in range(2)
    ]
    parking = Settings(**GIVEN, mode=Mode.DEMO, secrets_dir=tmp_path).key("parking_key")

    assert 32 == len(keys[0])
    assert keys[0] == keys[1] != parking


def test_a_password_never_travels_in_the_clear():
    """A user name without TLS is refused."""
    with pytest.raises(ValidationError, match="NOTIFICATIONS_SMTP_TLS"):
        Settings(**GIVEN, mode=Mode.TEST, smtp_username="x", smtp_tls="none")


def test_the_clock_of_the_demo_waits_for_nothing():
    """Settle times and TLS are usual in production, none in the demo."""
    demo = Settings(**GIVEN, mode=Mode.DEMO)

    assert ("none", "none") == (demo.settle_times, demo.smtp_tls)
