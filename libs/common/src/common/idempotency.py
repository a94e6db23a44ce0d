"""A repeated POST is done once and answered the same.

The key is claimed by the first statement of the deed's transaction: a lock that costs no write.
The answer is stored by its last. Whoever repeats meanwhile waits in Postgres: the holder commits,
and the repeat gets the stored answer; it rolls back, and the repeat does the deed.
"""

# Not `from __future__ import annotations`: FastAPI reads the dependency's annotations.
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import Depends, FastAPI, Header, Request
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from common.database import Connection, Queries
from common.problems import FieldError, Problem
from common.security import Caller, authenticated

KEPT = timedelta(days=7)
PURGE_BATCH = 5000
MAX_KEY = 200
_LOCKS = 0x6964656D
"""The class of the advisory locks; two keys of one number only wait for each other."""
_WORDS = (
    b'{"post_id":"kind":"KEPALA_DESA","ordinal":1,"acting":false,"decree_id":"posts":[{"organiser":'
    b'"sosialisasi_id":"attendance":"term_id":"starts_on":"ends_on":null,"code":"field":"message":'
    b'"title":"DITETAPKAN","decision_id":"delivery_id":"state":"holder_id":"registry.villages/'
    b'registry.outreach/registry.officials/registry.enrollments/"segment":"PU","BPU","programmes":'
    b'["JHT","JKK","JKM","JP"],"status":"KELUAR","PENDING_PAYMENT","AKTIF","version":1,'
    b'"enrollment_id":"participant_id":"[201,{"effective_on":"2026-01-01","village_code":"'
    b'"warnings":[]},["'
)
"""What answers are made of, so that they pack well; changed, those of 7 days could not be read."""

_SQL = Queries.of("common", "idempotency.sql")


class KeyReused(Problem):
    """The Idempotency-Key came before with another request."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "Kunci idempotensi sudah dipakai",
            "Idempotency-Key ini sudah dipakai untuk permintaan lain. "
            "Pakailah kunci baru untuk permintaan baru.",
            code="idempotency-key-reused",
        )


@dataclass(frozen=True, slots=True)
class Once:
    """A request that may be repeated: whose, under which key, and what it said."""

    caller: str
    key: str
    fingerprint: bytes
    """HMAC of method, path (with its query) and body: a body may hold what must not be guessed."""
    formerly: bytes = b""
    """Their plain SHA-256, by which keys of an earlier release are known again."""

    @property
    def request(self) -> bytes:
        """What the row is found by: 16 bytes for whose key it is, a fifth of the two texts."""
        return hashlib.sha256(f"{self.caller}\n{self.key}".encode()).digest()[:16]

    @classmethod
    def of(
        cls,
        caller: Caller,
        request_method: str,
        path: str,
        body_bytes: bytes,
        key: str,
        *,
        secret: bytes = b"",
    ) -> Self:
        keyed, plain = hmac.new(secret, digestmod="sha256"), hashlib.sha256()
        for part in (request_method.upper().encode(), path.encode(), body_bytes):
            for digest in (keyed, plain):
                digest.update(len(part).to_bytes(8, "big"))
                digest.update(part)
        return cls(caller.identity, key, keyed.digest()[:16], plain.digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a 2xx status, the body and the positions of the events written."""

    status: int
    body: dict[str, Any]
    positions: tuple[str, ...]


async def claim(
    connection: Connection,
    once: Once,
    now: datetime,  # noqa: ARG001  # a claim leaves nothing that would carry a time
) -> Answer | None:
    """Take the key for this transaction, or give the stored answer; raises KeyReused.

    The first statement of the deed's transaction; waits while another one holds the key.
    """
    await connection.execute(_SQL["claim"], _LOCKS, int.from_bytes(once.request[:4], signed=True))
    row = await connection.fetchrow(_SQL["stored"], once.request)
    return None if row is None else _replay(row, once)


def _replay(row: Any, once: Once) -> Answer:
    if row["fingerprint"] not in (once.fingerprint, once.formerly):
        raise KeyReused
    if row["answer"] is None:
        return Answer(row["status"], json.loads(row["body"]), tuple(row["positions"]))
    unpacked = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_WORDS).decompress(row["answer"])
    status, body, positions = json.loads(unpacked)
    return Answer(status, body, tuple(positions))


async def store(connection: Connection, once: Once, answer: Answer, now: datetime) -> None:
    """Keep the answer for repeats; the last statement of the transaction that claimed the key."""
    if not 200 <= answer.status <= 299:  # noqa: PLR2004 - the 2xx range
        raise ValueError(f"only a 2xx answer is stored, not {answer.status}")
    content = [answer.status, answer.body, answer.positions]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS, zdict=_WORDS)
    packed = packer.compress(text.encode()) + packer.flush()
    await connection.execute(_SQL["store"], once.request, once.fingerprint, packed, now)


async def purge(connection: Connection, now: datetime) -> int:
    """Delete one batch of keys older than 7 days; call again while it returns PURGE_BATCH."""
    deleted: int = await connection.fetchval(_SQL["purge"], now - KEPT, PURGE_BATCH)
    return deleted


def install_idempotency(app: FastAPI, key: bytes) -> None:
    """Make fingerprints with a key made of one that the service has; without it they have none."""
    app.state.idempotency = hmac.digest(key, b"idempotency", "sha256")


def _printable(key: str) -> str:
    if key.isascii() and key.isprintable():
        return key
    raise PydanticCustomError(
        "idempotency_key", "Hanya huruf, angka, spasi dan tanda baca ASCII, misalnya sebuah UUID."
    )


async def once(
    request: Request,
    caller: Annotated[Caller, Depends(authenticated)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=MAX_KEY,
            description="A key of your own per request, kept 7 days: a repeat with the same key "
            "and body is answered like the first one and done only once.",
            json_schema_extra={"pattern": r"^[\x20-\x7e]+$"},
        ),
        AfterValidator(lambda key: key and _printable(key)),
    ] = None,
) -> Once | None:
    """The dependency of a POST route; None when the caller sent no Idempotency-Key."""
    if idempotency_key is None:
        return None
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    secret: bytes = getattr(request.app.state, "idempotency", b"")
    body = await request.body()
    return Once.of(caller, request.method, path, body, idempotency_key, secret=secret)


async def required(repeatable: Annotated[Once | None, Depends(once)]) -> Once:
    """The same for a deed that nobody may do twice by mistake: without a key it is refused."""
    if repeatable is None:
        reason = "Wajib diisi: kunci baru untuk setiap permintaan, misalnya sebuah UUID."
        raise Problem(
            400,
            "Idempotency-Key belum ada",
            f"Tajuk Idempotency-Key: {reason}",
            (FieldError("header.idempotency-key", reason, "missing"),),
            code="idempotency-key-missing",
        )
    return repeatable
