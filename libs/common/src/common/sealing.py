"""Bytes at rest that only the service can read: AES-256-GCM."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def place_of(table: str, topic: str, partition: int, offset: int) -> bytes:
    """The context of a record that is kept in a table: its bytes open nowhere else."""
    return f"{table}/{topic}/{partition}/{offset}".encode()


class Sealer:
    """Encrypts with one 32-byte key; `context` binds a sealed value to its place."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, value: bytes, *, context: bytes = b"") -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value, context)

    def open(self, sealed: bytes, *, context: bytes = b"") -> bytes:
        """The value; raises cryptography's InvalidTag when key, context or bytes differ."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
