"""What holds of every message: its tone, its form, its way through mail servers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from common.events.words import AlertKind, OfficeKind
from jinja2 import ChoiceLoader, DictLoader, PackageLoader
from letters_rig import DESA, LONGEST, PLACES, letter, said
from notifications.channels.email import compose
from notifications.domain.letters import Place
from notifications.templates import CURRENT, MissingPlaceholder, Templates

GOLDEN = Path(__file__).parent / "golden"
KESEHATAN = "BPJS Ketenagakerjaan, bukan BPJS Kesehatan,"


@pytest.mark.parametrize("kind", AlertKind)
def test_the_html_is_the_golden_one(kind: AlertKind):
    """`golden/<kind>.html` is what was looked at in a browser."""
    message = letter(kind, introduces=True, pages="https://desasadar.example")
    assert (GOLDEN / f"{kind.lower()}.html").read_text("utf-8") == message.html


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
@pytest.mark.parametrize("office", OfficeKind)
def test_every_message_keeps_the_house_rules(kind: AlertKind, place: Place, office: OfficeKind):
    """BPJS Ketenagakerjaan in full, no commands, no gaps, the same in text and in HTML, short."""
    message = letter(kind, office, place, introduces=True, pages="https://desasadar.example")

    shown = re.sub(r"<style>.*</style>", "", message.html, flags=re.DOTALL)
    for text in (message.subject, " ".join(message.text.split()), shown):
        own = text.replace(KESEHATAN, "BPJS Ketenagakerjaan")
        for word in ("Kesehatan", "perintah", "instruksi", "None", "{{", "{%", " ,", "()", " ."):
            assert word not in own
        assert own.count("BPJS") == own.count("BPJS Ketenagakerjaan")
    for part in message.text.split("\n\n")[:-1]:
        if not part.startswith(("  ", "Selengkapnya", "Hormat")):
            assert " ".join(part.split()) in message.html
    assert len(said(letter(kind, office, place))) <= 900
    assert len(message.subject) < 78
    assert all(len(line) <= 72 for line in message.text.splitlines())
    assert message.subject.startswith(("Desa ", "Kelurahan "))


@pytest.mark.parametrize("kind", AlertKind)
def test_every_mail_can_travel(kind: AlertKind):
    """No line over 998 bytes (RFC 5322), nothing from elsewhere, no script."""
    message = letter(kind, place=LONGEST, introduces=True)
    mail = compose(
        message,
        sender="desasadar@bpjs.example",
        to="camat@sragi.example",
        message_id="<1@bpjs.example>",
        date=datetime(2026, 11, 20, tzinfo=UTC),
    ).as_bytes()

    assert max(len(line) for line in mail.split(b"\r\n")) <= 998
    assert mail.isascii()
    for foreign in ("http", "<script", "<img", "<link", "url(", "@import"):
        assert foreign not in message.html


def test_html_escapes_names():
    """A name with markup in it stays a name."""
    place = Place(DESA.code, "<b>A & B</b>", DESA.kind, *("Sragi", "33.26", "Pekalongan"),
                  DESA.regency_kind, DESA.time_zone)  # fmt: skip
    message = letter(AlertKind.VILLAGE_ELIGIBLE, place=place)

    assert "Desa &lt;b&gt;A &amp; B&lt;/b&gt;" in message.html
    assert "Desa <b>A & B</b>" in message.text


@pytest.mark.parametrize("kind", AlertKind)
def test_a_missing_placeholder_is_refused_at_the_start(kind: AlertKind):
    """A template that asks for what no message has stops the service, not a delivery."""
    misspelt = DictLoader({f"{CURRENT[kind]}/letter.txt": "{{ vilage }}"})
    files = ChoiceLoader([misspelt, PackageLoader("notifications", "templates")])

    with pytest.raises(MissingPlaceholder, match="vilage"):
        Templates(files=files)
