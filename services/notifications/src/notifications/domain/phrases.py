"""The words of a message: every fact as a phrase, ready to stand in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.events.words import OfficeKind, PostKind, Standing, VillageKind

from notifications.domain.ceremonies import Ceremony
from notifications.domain.heads import Head
from notifications.domain.letters import News, Place, TitleCount
from notifications.domain.wording import (
    CEREMONY,
    OFFICE,
    REGENCY,
    VILLAGE,
    say_date,
    say_day,
    say_fulfilment,
    say_list,
    say_number,
    say_shortfall,
    say_time,
    say_venue,
    say_villages,
)

REPLY_BEFORE = timedelta(days=3)
"""How long before a ceremony the answer is asked for."""
TO_THE_HOST = "Bapak/Ibu"
HEAD_REGISTERED_WITHIN = timedelta(days=30)
"""After that a change of head puts a status at risk, by the default rules."""


@dataclass(frozen=True, slots=True)
class Words:
    """All that a template may say; what a message has not is empty."""

    salutation: str
    """Yth. Camat Sragi"""
    village: str
    """Desa Kedungjaran"""
    government: str
    """Pemerintah Desa"""
    kecamatan: str
    """Kecamatan Sragi"""
    regency: str
    """Kabupaten Pekalongan"""
    here: str
    """kabupaten ini"""
    effective_on: str
    """20 November 2026"""
    fulfilments: str
    """What is there, of each criterion."""
    shortfalls: str
    """What lacks, of each criterion."""
    failing_since: str
    """21 Oktober 2026"""
    deadline: str
    """18 Februari 2027: of the time to recover."""
    titled: str
    """3"""
    villages: str
    """272 desa dan 13 kelurahan"""
    reference: str
    """The delivery's id, for questions about this message."""
    kelurahan: bool
    """Whether a lurah leads the village; a civil servant, under the camat."""
    eligible: bool
    """Whether all criteria are met at present."""
    standing: str
    """ditangguhkan, dicabut"""
    ceremony: str
    """peresmian"""
    day: str
    """Kamis, 3 Desember 2026: of the ceremony."""
    time: str
    """pukul 09.00 WIB"""
    venue: str
    """Balai Desa Kedungjaran"""
    host: str
    """Bupati Pekalongan; Bapak/Ibu, if the message is to the host."""
    hosts: bool
    """Whether the message is to the ceremony's host."""
    reply_by: str
    """30 November 2026"""
    formerly: str
    """Rabu, 2 Desember 2026: the day that the office was told before."""
    head: str
    """Kepala Desa, Penjabat Lurah"""
    head_here: str
    """Kepala Desa Kemudo, Lurah Kauman"""
    register_by: str
    """10 Desember 2026"""
    page: str
    """Address of the village's page."""
    introduces: bool
    """Whether the message says what the programmes are."""


def words_of(news: News, place: Place, counts: Sequence[TitleCount], *, pages: str = "") -> Words:
    """The words of a message about the village at `place`; `pages` is the pages' address."""
    camat = news.office is OfficeKind.CAMAT
    facts, view = news.facts, news.present.view
    met = [say_fulfilment(reason) for reason in facts.reasons if reason.met]
    unmet = [say_shortfall(reason) for reason in facts.reasons if reason.met is False]
    ceremony = _of_ceremony(news.present.ceremony, news, place)
    head = _of_head(news.present.head, news.present.today, place)
    return Words(
        salutation=f"Yth. {OFFICE[news.office]} {place.kecamatan if camat else place.regency}",
        village=f"{VILLAGE[place.kind]} {place.name}",
        government=f"Pemerintah {VILLAGE[place.kind]}",
        kecamatan=f"Kecamatan {place.kecamatan}",
        regency=f"{REGENCY[place.regency_kind]} {place.regency}",
        here=f"{REGENCY[place.regency_kind].split()[0].lower()} ini",
        effective_on=say_date(news.effective_on),
        fulfilments=say_list(met),
        shortfalls=say_list(unmet),
        failing_since=say_date(facts.failing_since) if facts.failing_since else "",
        deadline=say_date(facts.grace_ends) if facts.grace_ends else "",
        titled=say_number(sum(count.titled for count in counts)),
        villages=say_villages((count.kind, count.villages) for count in counts),
        reference=str(news.delivery_id),
        kelurahan=place.kind is VillageKind.KELURAHAN,
        eligible=view is not None and view.eligible,
        standing="dicabut" if view and view.standing is Standing.DICABUT else "ditangguhkan",
        page=f"{pages}/desa/{place.code}" if pages else "",
        introduces=news.introduces,
        hosts=ceremony["host"] == TO_THE_HOST,
        **ceremony,
        **head,
    )


def _of_ceremony(ceremony: Ceremony | None, news: News, place: Place) -> dict[str, str]:
    if ceremony is None:
        names = ("ceremony", "day", "time", "venue", "host", "reply_by", "formerly")
        return dict.fromkeys(names, "")
    reply_by = ceremony.planned_for - REPLY_BEFORE
    where = place.kecamatan if ceremony.host is OfficeKind.CAMAT else place.regency
    return {
        "ceremony": CEREMONY[ceremony.kind],
        "day": say_day(ceremony.planned_for),
        "time": say_time(ceremony.begins_at, place.time_zone) if ceremony.begins_at else "",
        "venue": say_venue(ceremony.venue, place),
        "host": TO_THE_HOST if ceremony.host is news.office else f"{OFFICE[ceremony.host]} {where}",
        "reply_by": say_date(reply_by) if reply_by > news.present.today else "",
        "formerly": say_day(news.told_on) if news.told_on else "",
    }


def _of_head(head: Head | None, today: date, place: Place) -> dict[str, str]:
    if head is None:
        return dict.fromkeys(("head", "head_here", "register_by"), "")
    post = "Lurah" if head.post_kind is PostKind.LURAH else f"Kepala {VILLAGE[place.kind]}"
    title = f"Penjabat {post}" if head.acting else post
    register_by = head.begins + HEAD_REGISTERED_WITHIN
    return {
        "head": title,
        "head_here": f"{title} {place.name}",
        "register_by": say_date(register_by) if register_by > today else "",
    }
