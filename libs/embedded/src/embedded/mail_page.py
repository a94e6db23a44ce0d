"""The page of caught mails, in Bahasa Indonesia; a few lines of HTTP are enough for it."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from urllib.parse import urlsplit

from embedded.letters import Letters, Mail

# Seconds, bytes.
PATIENCE = 10.0
LONGEST_HEAD = 16 * 2**10
HTML = "text/html; charset=utf-8"
JSON = "application/json"

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;
padding:.4rem .6rem;border-bottom:1px solid #ccc;overflow-wrap:break-word}
td:first-child{white-space:nowrap}dt{font-weight:600}dd{margin:0 0 .4rem;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:1rem;
font:15px/1.5 ui-monospace,monospace}
iframe{width:100%;height:60rem;border:1px solid #ccc;background:#fff}
h2{font-size:1.2rem;margin:1.5rem 0 .5rem}
a{color:#0b5394}h1{font-size:1.5rem;line-height:1.3}
@media(max-width:40rem){thead{display:none}tr{display:block;border-bottom:1px solid #ccc;
padding:.5rem 0}td{display:block;border:0;padding:0}}
"""

PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the browser."""

    body: str
    kind: str = HTML
    status: HTTPStatus = HTTPStatus.OK
    policy: str = "frame-src 'self'"
    """What a browser may do with it beyond showing its own styles."""

    def as_bytes(self) -> bytes:
        body = self.body.encode("utf-8", "replace")
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n"
            f"Content-Type: {self.kind}\r\nContent-Length: {len(body)}\r\n"
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
            f"{self.policy}\r\n"
            "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
            "Connection: close\r\n\r\n"
        )
        return head.encode("ascii") + body


async def serve_page(letters: Letters, host: str, port: int) -> asyncio.Server:
    """Serve the list at /, a mail at /mails/<number> (and …/html), and all at /api/mails."""

    async def one_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except asyncio.LimitOverrunError:
                    head = b""
                writer.write(_answer(letters.mails, head).as_bytes())
                await writer.drain()
        writer.close()

    return await asyncio.start_server(one_request, host, port, limit=LONGEST_HEAD)


def _answer(mails: Sequence[Mail], head: bytes) -> Reply:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or words[0] != "GET":  # noqa: PLR2004 - method, target, version
        return Reply("", status=HTTPStatus.BAD_REQUEST)
    if not _is_ours(lines[1:]):
        return Reply("", status=HTTPStatus.MISDIRECTED_REQUEST)
    path = urlsplit(words[1]).path
    if path == "/":
        return Reply(_list(mails))
    if path == "/api/mails":
        newest_first = [mail.as_json() for mail in reversed(mails)]
        return Reply(json.dumps(newest_first, ensure_ascii=False), JSON)
    for mail in mails:
        if (found := _mail(mail, path)) is not None:
            return found
    body = '<p>Halaman atau surat ini tidak ada.</p><p><a href="/">Kembali ke daftar</a></p>'
    return Reply(_page("Tidak ditemukan", body), status=HTTPStatus.NOT_FOUND)


def _mail(mail: Mail, path: str) -> Reply | None:
    if path == f"/mails/{mail.number}":
        return Reply(_detail(mail))
    if path == f"/mails/{mail.number}/html" and mail.html:
        # The sandbox: a strange mail can run nothing, send nothing and go nowhere.
        return Reply(mail.html, policy="sandbox allow-popups; frame-ancestors 'self'")
    return None


def _is_ours(headers: Sequence[str]) -> bool:
    # A strange site must not read the mails under a name of its own that leads here.
    hosts = [line.split(":")[1].strip() for line in headers if line.lower().startswith("host:")]
    return hosts in (["127.0.0.1"], ["localhost"])


def _list(mails: Sequence[Mail]) -> str:
    if not mails:
        body = "<p>Belum ada surat.</p>"
    else:
        rows = "".join(
            f"<tr><td>{_when(mail)}</td><td>{escape(', '.join(mail.recipients))}</td>"
            f'<td><a href="/mails/{mail.number}">{escape(mail.subject) or "(tanpa perihal)"}</a>'
            "</td></tr>"
            for mail in reversed(mails)
        )
        body = (
            f"<p>{len(mails)} surat, yang terbaru di atas.</p><table><thead><tr>"
            "<th>Diterima</th><th>Kepada</th><th>Perihal</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )
    return _page("Surat keluar", f'{body}<p><a href="/">Muat ulang</a></p>')


def _detail(mail: Mail) -> str:
    facts = {
        "Diterima": _when(mail),
        "Dari": escape(mail.sender) or "(kosong)",
        "Kepada": escape(", ".join(mail.recipients)),
    }
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    body = f'<p><a href="/">Kembali ke daftar</a></p><dl>{listed}</dl>'
    if mail.html:
        source = f"/mails/{mail.number}/html"
        body += (
            f'<h2>Tampilan</h2><p><a href="{source}">Buka tersendiri</a></p>'
            f'<iframe src="{source}" sandbox="allow-popups" title="Surat sebagai HTML"></iframe>'
        )
    body += f"<h2>Teks</h2><pre>{escape(mail.text)}</pre>"
    return _page(mail.subject or "(tanpa perihal)", body)


def _page(title: str, body: str) -> str:
    return PAGE.format(title=escape(title), style=STYLE, body=body)


def _when(mail: Mail) -> str:
    return mail.received_at.astimezone().strftime("%d-%m-%Y %H.%M.%S %Z")
