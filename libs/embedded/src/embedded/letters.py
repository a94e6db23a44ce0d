"""The mails caught: one file each, the newest ones only."""

import base64
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

log = logging.getLogger("embedded")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it arrived; sender and recipients are the envelope's."""

    number: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    raw: bytes

    @classmethod
    def read(
        cls,
        *,
        number: int,
        received_at: datetime,
        sender: str,
        recipients: Sequence[str],
        raw: bytes,
    ) -> Self:
        """Read subject and text out of the message; what cannot be read is shown as it came."""
        message = message_from_bytes(raw, policy=policy.default)
        subject, text = _subject(message), _text(message, raw)
        return cls(number, received_at, sender, tuple(recipients), subject, text, raw)

    @property
    def message(self) -> EmailMessage:
        """The whole message, with its headers."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def html(self) -> str:
        """The message as HTML; empty if it has none that can be read."""
        try:
            body = self.message.get_body(("html",))
            return str(body.get_content()) if body is not None else ""
        except (ValueError, KeyError, IndexError, LookupError):
            return ""

    def as_json(self) -> dict[str, object]:
        """What the page's /api/mails shows."""
        return {
            "number": self.number,
            "received_at": self.received_at.isoformat(),
            "sender": self.sender,
            "recipients": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
        }


class Letters:
    """The mails, oldest first, in memory and (given a folder) on disk."""

    def __init__(self, folder: Path | None, limit: int) -> None:
        self.mails: list[Mail] = []
        self._folder = folder
        self._limit = limit
        self._last = 0

    def load(self) -> None:
        """Read what an earlier run kept."""
        if self._folder is None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = sorted(self._folder.glob("*.json"))
        for old in kept[: -self._limit]:
            old.unlink(missing_ok=True)
        self.mails[:] = [mail for path in kept[-self._limit :] if (mail := _load(path))]
        self._last = self.mails[-1].number if self.mails else self._last

    def next_number(self) -> int:
        """A number for the next mail, never used before in this folder."""
        self._last += 1
        return self._last

    def keep(self, mail: Mail) -> None:
        """Store a mail, and let go of the oldest beyond the limit."""
        if self._folder is not None:
            path = self._folder / _name(mail.number)
            part = path.with_suffix(".part")
            raw = base64.b64encode(mail.raw).decode()
            part.write_text(json.dumps({**mail.as_json(), "raw": raw}), "utf-8")
            part.replace(path)
        self.mails.append(mail)
        while len(self.mails) > self._limit:
            self._forget(self.mails.pop(0))

    def clear(self) -> None:
        """Throw all away."""
        while self.mails:
            self._forget(self.mails.pop())

    def _forget(self, mail: Mail) -> None:
        if self._folder is not None:
            (self._folder / _name(mail.number)).unlink(missing_ok=True)


def _name(number: int) -> str:
    return f"{number:010}.json"


def _load(path: Path) -> Mail | None:
    try:
        stored = json.loads(path.read_bytes())
        return Mail(
            number=int(stored["number"]),
            received_at=datetime.fromisoformat(stored["received_at"]),
            sender=stored["sender"],
            recipients=tuple(stored["recipients"]),
            subject=stored["subject"],
            text=stored["text"],
            raw=base64.b64decode(stored["raw"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("The kept mail %s cannot be read and is left out: %s", path, error)
        return None


def _subject(message: EmailMessage) -> str:
    try:
        return str(message["subject"] or "").strip()
    except (ValueError, IndexError, LookupError):
        return ""


def _text(message: EmailMessage, raw: bytes) -> str:
    try:
        body = message.get_body(("plain", "html"))
        content = str(body.get_content()) if body is not None else ""
        return content.replace("\r\n", "\n")
    except (ValueError, KeyError, IndexError, LookupError):
        return raw.decode("utf-8", "replace")
