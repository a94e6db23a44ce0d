"""What happened, in words: an entry of the log or a sosialisasi as one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.events.words import Eligibility, Standing, Title

from eligibility.storage.feed import Happening
from eligibility.web import words
from eligibility.web.formats import day, local_day, number
from eligibility.web.words import Tone, Word

AS = "sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan"
TITLES = {
    Title.DICANANGKAN: f"dicanangkan {AS}",
    Title.DITETAPKAN: f"ditetapkan {AS}",
    Title.DIRESMIKAN: f"diresmikan {AS}",
}
STANDINGS = {
    Standing.TERANCAM: "tidak lagi memenuhi syarat; gelarnya terancam",
    Standing.DITANGGUHKAN: "ditangguhkan gelarnya",
    Standing.DICABUT: "dicabut gelarnya",
}
ACTED = frozenset({*TITLES.values(), STANDINGS[Standing.DITANGGUHKAN], STANDINGS[Standing.DICABUT]})
"""What a person did on a day; all else has been so since one."""
ELIGIBILITIES = {
    Eligibility.ELIGIBLE: "memenuhi semua syarat",
    Eligibility.NOT_ELIGIBLE: "belum memenuhi syarat",
    Eligibility.CANNOT_DECIDE: "belum dapat diputuskan: datanya kurang",
}
OTHER = {
    "SOSIALISASI": (Word("Sosialisasi"), "mengadakan sosialisasi"),
    "PROPOSED": (Word("Usulan", Tone.BAD), "diusulkan untuk ditangguhkan"),
    "WITHDRAWN": (Word("Usulan"), "tidak lagi diusulkan untuk ditangguhkan"),
}
"""Entries that change none of the four fields."""


def said(one: Happening) -> tuple[Word, str]:
    """The word that leads, and what is said after the village's name."""
    if one.current is None or one.entry in OTHER:
        lead, text = OTHER[one.entry]
        return lead, f"{text} pada {day(one.effective_on)}"
    changed = _changed(one.previous or {}, one.current)
    if changed is None:
        return Word("Perkembangan"), _counted(one.reasons)
    lead, text = changed
    entered_on = local_day(one.at, one.place["time_zone"])
    if one.effective_on == entered_on:
        return changed
    return lead, f"{text} {'pada' if text in ACTED else 'sejak'} {day(one.effective_on)}"


def _counted(reasons: Sequence[Mapping[str, Any]]) -> str:
    """What changed when none of the four fields did: how many are there of those asked for."""
    counts = [
        f"{number(one['actual'])} dari {number(one['required'])} jabatannya"
        for one in reasons
        if one["met"] is False and one["required"] > 1
    ]
    return f"kini {' dan '.join(counts)} terlindungi" if counts else "berubah dalam syaratnya"


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[Word, str] | None:
    """The most that changed of the four fields: title, standing, eligibility, stage."""
    changed = {name for name in words.FIELDS if before.get(name) != now[name]}
    if "title" in changed and now["title"] in TITLES:
        return words.TITLE[now["title"]], TITLES[Title(now["title"])]
    if "standing" in changed and now["standing"] in STANDINGS:
        return words.STANDING[now["standing"]], STANDINGS[Standing(now["standing"])]
    if "standing" in changed and now["standing"] == Standing.BAIK:
        return words.STANDING[Standing.BAIK], "pulih: kedudukannya baik kembali"
    if "eligibility" in changed:
        return words.ELIGIBILITY[now["eligibility"]], ELIGIBILITIES[Eligibility(now["eligibility"])]
    if "stage" in changed:
        return words.STAGE[now["stage"]], f"masuk tahap {words.STAGE[now['stage']].text.lower()}"
    return None
