"""The mail catcher alone: what it keeps, how it can fail on purpose, what its page shows."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from embedded.errors import PortTakenError
from embedded.mail import Answer, Mail, MailCatcher
from running import get, head_of, send, until


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(tmp_path / "mail")
    await catcher.start()
    yield catcher
    await catcher.stop()


async def test_a_mail_is_kept_with_its_envelope(catcher: MailCatcher) -> None:
    message = EmailMessage()
    message["Subject"] = "Rapat désa — mulai pukul 9"
    message.set_content("Selamat pagi, Bu Lurah.\n")
    message.add_alternative("<p>Selamat pagi</p>", subtype="html")
    await aiosmtplib.send(
        message, sender="post@example.test", recipients=["a@example.test", "b@example.test"],
        hostname=catcher.smtp_host, port=catcher.smtp_port, timeout=10,
    )  # fmt: skip
    (mail,) = catcher.mails
    assert mail.sender == "post@example.test"
    assert mail.recipients == ("a@example.test", "b@example.test")
    assert mail.subject == "Rapat désa — mulai pukul 9"
    assert mail.text == "Selamat pagi, Bu Lurah.\n"
    assert mail.message["Subject"] == mail.subject


async def test_a_chosen_reply_is_given_and_the_mail_not_kept(catcher: MailCatcher) -> None:
    async def later(_mail: Mail) -> str:
        return "451 later"

    catcher.on_data = later
    with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
        await send(catcher, "x")
    assert refusal.value.code == 451
    assert catcher.mails == []
    catcher.on_data = None
    await send(catcher, "x")
    assert len(catcher.mails) == 1


async def test_one_recipient_can_be_refused(catcher: MailCatcher) -> None:
    async def unknown(address: str) -> str | None:
        return "550 no such office" if address == "gone@example.test" else None

    catcher.on_recipient = unknown
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(catcher, "x", to="gone@example.test")
    await send(catcher, "x")
    assert len(catcher.mails) == 1


@pytest.mark.parametrize(("answer", "kept"), [(Answer.DROP, 0), (Answer.KEEP_AND_DROP, 1)])
async def test_the_connection_can_be_cut_after_the_final_dot(
    catcher: MailCatcher, answer: Answer, kept: int
) -> None:
    async def cut(_mail: Mail) -> Answer:
        return answer

    catcher.on_data = cut
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(catcher, "x")
    assert len(catcher.mails) == kept


async def test_a_mail_can_be_delayed(catcher: MailCatcher) -> None:
    go = asyncio.Event()

    async def wait(_mail: Mail) -> None:
        await go.wait()

    catcher.on_data = wait
    sending = asyncio.create_task(send(catcher, "x"))
    started = time.monotonic()
    await until(lambda: time.monotonic() - started > 0.3, within=5, what="a moment passed")
    assert not sending.done()
    go.set()
    await sending
    assert len(catcher.mails) == 1


async def test_stop_ends_conversations_and_start_uses_the_same_ports(catcher: MailCatcher) -> None:
    ports = (catcher.smtp_port, catcher.page_port)
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=catcher.smtp_port, timeout=10)
    await client.connect()
    await catcher.stop()
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await client.ehlo()
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await send(catcher, "x")
    await catcher.start()
    assert (catcher.smtp_port, catcher.page_port) == ports
    await send(catcher, "x")


async def test_only_the_newest_are_kept_also_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    first = MailCatcher(folder, keep=3)
    await first.start()
    for number in range(5):
        await send(first, f"surat {number}")
    await first.stop()
    second = MailCatcher(folder, keep=3)
    await second.start()
    await send(second, "surat 5")
    await second.stop()
    assert [mail.subject for mail in second.mails] == ["surat 3", "surat 4", "surat 5"]
    assert [mail.number for mail in second.mails] == [4, 5, 6]
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("which", ["smtp_port", "page_port"])
async def test_a_taken_port_is_named(which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        catcher = MailCatcher(**{which: port})
        with pytest.raises(PortTakenError, match=f"Port {port}"):
            await catcher.start()


async def test_the_page_lists_the_newest_first_and_shows_one(catcher: MailCatcher) -> None:
    assert "Belum ada surat" in (await get(catcher.page, "/"))[1]
    await send(catcher, "Pertama")
    await send(catcher, "<script>alert(1)</script>")
    status, page = await get(catcher.page, "/")
    assert status == 200
    assert '<html lang="id">' in page
    assert page.index("&lt;script&gt;") < page.index("Pertama")
    assert "<script>" not in page
    status, page = await get(catcher.page, f"/mails/{catcher.mails[0].number}")
    assert status == 200
    assert "Isi surat." in page
    assert "lurah@example.test" in page
    assert (await get(catcher.page, "/mails/999"))[0] == 404


async def test_a_mails_html_is_shown_where_it_can_do_nothing(catcher: MailCatcher) -> None:
    """In a frame without scripts, from an address of its own; a mail without HTML has none."""
    message = EmailMessage()
    message["Subject"] = "Desa Gatak: status Desa Sadar terancam"
    message.set_content("Yth. Camat Delanggu")
    message.add_alternative("<p>Yth. <b>Camat</b></p><script>x</script>", subtype="html")
    await aiosmtplib.send(
        message, sender="a@b.example", recipients=["c@d.example"],
        hostname=catcher.smtp_host, port=catcher.smtp_port,
    )  # fmt: skip
    number = catcher.mails[0].number

    _, page = await get(catcher.page, f"/mails/{number}")
    status, shown = await get(catcher.page, f"/mails/{number}/html")
    assert f'<iframe src="/mails/{number}/html" sandbox="allow-popups"' in page
    assert "Yth. Camat Delanggu" in page
    assert "<b>Camat</b>" not in page
    assert (200, "<p>Yth. <b>Camat</b></p>") == (status, shown.partition("<script>")[0])
    head = await head_of(catcher.page, f"/mails/{number}/html")
    assert "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups;" in head
    assert 404 == (await get(catcher.page, "/mails/999/html"))[0]


async def test_the_mails_are_had_as_json(catcher: MailCatcher) -> None:
    await send(catcher, "Pertama")
    await send(catcher, "Kedua")
    status, body = await get(catcher.page, "/api/mails")
    assert status == 200
    mails = json.loads(body)
    assert [mail["subject"] for mail in mails] == ["Kedua", "Pertama"]
    assert mails[0]["recipients"] == ["lurah@example.test"]
    assert mails[0]["text"].strip() == "Isi surat."


async def test_the_page_answers_only_under_its_own_name(catcher: MailCatcher) -> None:
    await send(catcher, "Rahasia")
    status, body = await get(catcher.page, "/api/mails", host="attacker.test")
    assert status == 421
    assert "Rahasia" not in body


@pytest.mark.parametrize("head", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n", b"\r\n\r\n"])
async def test_what_is_no_request_is_refused(catcher: MailCatcher, head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", catcher.page_port)
    writer.write(head)
    assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()
