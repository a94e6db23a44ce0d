"""Who can log in to the demo, and the page on which one of them is chosen."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

READ = frozenset({"eligibility:read"})
OFFICER = READ | {"eligibility:act", "registry:read", "registry:write", "registry:people"}


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person of the demo: what it may do, and in which areas."""

    subject: str
    name: str
    what: str
    areas: tuple[str, ...]
    scopes: frozenset[str]


PERSONS = (
    Person(
        "petugas.pekalongan",
        "Petugas Kantor Cabang Pekalongan",
        "Mencatat di Kabupaten dan Kota Pekalongan, Pemalang dan Batang",
        ("33.26", "33.75", "33.27", "33.25"),
        OFFICER,
    ),
    Person(
        "petugas.blitar",
        "Petugas Kantor Cabang Blitar",
        "Mencatat di Kabupaten Blitar",
        ("35.05",),
        OFFICER,
    ),
    Person(
        "petugas.klaten",
        "Petugas Kantor Cabang Klaten",
        "Mencatat di Kabupaten Klaten",
        ("33.10",),
        OFFICER,
    ),
    Person(
        "staf.bupati.pekalongan",
        "Staf Bupati Pekalongan",
        "Melihat Kabupaten Pekalongan",
        ("33.26",),
        READ,
    ),
    Person(
        "camat.wonopringgo",
        "Camat Wonopringgo",
        "Melihat Kecamatan Wonopringgo",
        ("33.26.12",),
        READ,
    ),
    Person("kantor.pusat", "Kantor Pusat", "Melihat seluruh Indonesia", ("*",), READ),
    Person(
        "pengelola",
        "Pengelola Layanan",
        "Melihat seluruh Indonesia dan keadaan layanan",
        ("*",),
        READ | {"eligibility:operate"},
    ),
)

STYLE = """
:root{color-scheme:light dark}
:root{--ink:#1c2321;--muted:#55605c;--paper:#fdfdfb;--line:#d5dad6;--accent:#0b5d4b}
@media(prefers-color-scheme:dark){
:root{--ink:#e8ece9;--muted:#a9b4af;--paper:#131817;--line:#38423f;--accent:#86d3ba}}
body{font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
body{color:var(--ink);background:var(--paper);margin:0}
main{max-width:38rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .75rem}p{margin:0 0 1.5rem}
ul{list-style:none;padding:0;margin:0 0 2rem;border-top:1px solid var(--line)}
li{border-bottom:1px solid var(--line)}
a{display:block;padding:.9rem 0;color:var(--accent);font-weight:600;text-underline-offset:.15em}
li span{display:inline-block;width:100%;color:var(--muted);font-weight:400}small{color:var(--muted)}
:focus-visible{outline:3px solid #b45309;outline-offset:2px}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def choice(query: Mapping[str, str]) -> str:
    """The page that asks who logs in; one click on a name goes on with it."""
    rows = "".join(
        f"<li><a href='/authorize?{escape(urlencode({**query, 'person': person.subject}))}'>"
        f"{escape(person.name)}<span>{escape(person.what)}</span></a></li>"
        for person in PERSONS
    )
    return _page(
        "Masuk sebagai siapa?",
        "<p>Ini peragaan: pilih salah satu peran. Kata sandi tidak diperlukan, dan semua orang "
        f"di sini rekaan.</p><ul>{rows}</ul>"
        "<p><small>Pada pemakaian sebenarnya, di sini tampil halaman masuk penerbit akun Anda."
        "</small></p>",
    )


def refusal(why: str) -> str:
    """The page when the one who asks is not known; the browser is sent nowhere."""
    return _page("Permintaan masuk tidak dikenal", f"<p>{escape(why)}</p>")


def _page(title: str, content: str) -> str:
    return (
        "<!doctype html><html lang=id><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)} · Peragaan Desa Sadar</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
