"""The frame of every page: words for every code, formats, files, and problems as pages."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from importlib import resources

import httpx2
import pytest
from common.clock import Clock
from common.events import words as codes
from common.health import Health
from eligibility.domain.facts import ActKind
from eligibility.domain.rules import default_rule_sets
from eligibility.main import create_app
from eligibility.web import formats, words
from eligibility.web.assets import Assets
from prometheus_client import CollectorRegistry

STATIC = resources.files("eligibility.web") / "static"


@pytest.fixture
def client() -> httpx2.AsyncClient:
    """The HTTP edge alone: what is refused before anything is asked of the database."""
    edges = dict.fromkeys(("reading", "certification", "counters", "authenticator"))
    app = create_app(**edges, health=Health(CollectorRegistry()), clock=Clock())
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://eligibility")


def test_every_code_has_its_word():
    """Each value of the closed vocabularies that a page shows."""
    assert (set(codes.Eligibility), set(codes.Stage), set(codes.Title), set(codes.Standing)) == (
        set(words.ELIGIBILITY),
        set(words.STAGE),
        set(words.TITLE),
        set(words.STANDING),
    )
    assert (set(codes.PostKind), set(codes.Organiser), set(codes.Programme), set(ActKind)) == (
        set(words.POSTS),
        set(words.ORGANISERS),
        set(words.PROGRAMMES),
        set(words.ACTS),
    )
    named = {one.name for rules in default_rule_sets() for one in rules.criteria}
    assert named <= set(words.CRITERIA)


def test_people_read_days_times_numbers_and_shares_as_they_write_them():
    """Dots for thousands, months by name, times of the zone, a share with its parts and its day."""
    at = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    assert "20 November 2026 pukul 09.15 WIB" == formats.moment(at)
    assert "20 November 2026 pukul 11.15 WIT" == formats.moment(at, "WIT")
    assert "51% (1.353 dari 2.632 pekerja, data 25 Maret 2018)" == formats.share(
        1353, 2632, "pekerja", date(2018, 3, 25)
    )
    assert ["<1%", "0%", ">99%", "100%", "—"] == [
        formats.percent(part, whole)
        for part, whole in ((1, 1000), (0, 9), (999, 1000), (9, 9), (0, 0))
    ]
    assert "1.353" == formats.number(1353)
    assert "Desa Adat Yokiwa" == formats.village_name("DESA_ADAT", "Yokiwa")


def test_what_is_vendored_is_what_was_published():
    """The scripts of others have the checksums that their notice names."""
    vendor = STATIC / "vendor"
    named = dict(
        reversed(line.split())
        for line in (vendor / "NOTICE").read_text().splitlines()
        if re.match(r"[0-9a-f]{64} ", line)
    )
    scripts = [one for one in vendor.iterdir() if one.name.endswith(".js")]

    assert named == {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in scripts}
    assert 2 == len(scripts)


def test_the_colours_and_parts_are_a_small_file():
    """tokens.css stays under 10 kB, and no style and no script stands in a template."""
    assert len((STATIC / "tokens.css").read_bytes()) < 10 * 1024
    templates = resources.files("eligibility.web") / "templates"
    inline = re.compile(r"<style|style=|<script(?! src)|\\son[a-z]+=", re.IGNORECASE)
    assert [] == [
        name for name in _names(templates) if inline.search((templates / name).read_text())
    ]


async def test_a_style_is_kept_for_a_year_by_its_content(client: httpx2.AsyncClient):
    """Its address names its content, so it never changes; compressed for who takes that."""
    address = Assets().url("tokens.css")
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    zipped = await client.get(address, headers={"Accept-Encoding": "gzip"})

    assert "public, max-age=31536000, immutable" == plain.headers["Cache-Control"]
    assert ("gzip", plain.text) == (zipped.headers["Content-Encoding"], zipped.text)
    assert 404 == (await client.get(address.replace("tokens.", "tokens.0"))).status_code


async def test_a_browser_gets_a_page_and_a_client_a_problem(client: httpx2.AsyncClient):
    """The same refusal, each as it can read it."""
    page = await client.get("/tidak-ada", headers={"Accept": "text/html,*/*;q=0.8"})
    problem = await client.get("/tidak-ada")

    assert (404, "text/html; charset=utf-8") == (page.status_code, page.headers["Content-Type"])
    assert "<h1>Tidak ditemukan</h1>" in page.text
    assert (404, "application/problem+json") == (
        problem.status_code,
        problem.headers["Content-Type"],
    )


def _names(folder: resources.abc.Traversable, before: str = "") -> list[str]:
    return [
        name
        for one in folder.iterdir()
        for name in (
            _names(one, f"{before}{one.name}/") if one.is_dir() else [f"{before}{one.name}"]
        )
    ]
