"""The server's secret, and the keys in the database that are sealed with it."""

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seriatim.core.clock import Clock
from seriatim.features.accounts import store
from seriatim.storage.postgres.database import Database

ACCESS_TOKENS: Final = "access_tokens"
"""The kind of the keys that sign access tokens."""
CONVERSATION_IDS: Final = "conversation ids"
"""The purpose of the key that ids of conversations are derived with: whoever creates some needs the same, for ever."""
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class WrongSecret(Exception):
    """The keys in this database were sealed with another secret than the one this server was given."""


def server_secret(data_folder: Path, given: str | None = None) -> bytes:
    """Return the secret of this server: `given` (SERIATIM_SECRET), else the file `secret` of the data folder.

    The file is made on the first start, with its folder, and only its owner may read it. All processes of one server
    need the same secret, and so does a restored backup.

    Raises:
        ValueError: `given` has fewer than 32 characters.
    """
    if given is not None:
        if len(given) < KEY_BYTES:
            raise ValueError(f"SERIATIM_SECRET has at least {KEY_BYTES} characters")
        return given.encode()
    path = data_folder / "secret"
    fresh = path.with_name(f".secret-{os.getpid()}")
    if not path.exists():
        data_folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
        try:
            os.link(fresh, path)  # whole or not at all, and never over another process's secret
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip().encode()


def derived(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, from which neither the secret nor another purpose's bytes can be found."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"seriatim {purpose}".encode()).derive(secret)


async def server_keys(database: Database, secret: bytes, kind: str, clock: Clock) -> dict[str, bytes]:
    """Return this server's keys of one kind by key id, the newest (which signs) first; the first start makes one.

    Raises:
        WrongSecret: a key was sealed with another secret.
        Unavailable: the database does not answer.
    """
    async with database.transaction() as connection:
        await store.lock_keys(connection)
        rows = await store.keys(connection, kind)
        if not rows:
            kid, key = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
            await store.add_key(connection, kind, kid, _seal(secret, kind, kid, key), clock.now())
            return {kid: key}
    return {kid: _unseal(secret, kind, kid, sealed) for kid, sealed in rows}


def _seal(secret: bytes, kind: str, kid: str, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(derived(secret, "server keys")).encrypt(nonce, key, f"{kind}/{kid}".encode())


def _unseal(secret: bytes, kind: str, kid: str, sealed: bytes) -> bytes:
    cipher = AESGCM(derived(secret, "server keys"))
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{kind}/{kid}".encode())
    except InvalidTag:
        raise WrongSecret(
            "the keys of this database were sealed with another secret: give the server the file `secret`, or "
            "SERIATIM_SECRET, that it had when the database was made"
        ) from None
