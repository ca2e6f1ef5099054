"""A part of a backup opens for its key, whole or not at all, and for `age` as for us."""

from __future__ import annotations

import base64
import errno
import io
import os
from itertools import count
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cprsync.errors import BackupBroken, ConfigurationError
from cprsync.store.backup.encrypted import CountedFile, Opener, Recipient, encrypting, make_key_pair, open_encrypted

if TYPE_CHECKING:
    from pathlib import Path

#: How much one chunk of `age` holds, and what its code adds.
CHUNK_BYTES, CODE_BYTES = 64 * 1024, 16


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    make_key_pair(tmp_path / "backup.key")
    return Opener.load(tmp_path / "backup.key")


def encrypt(opener: Opener, content: bytes) -> bytes:
    file = io.BytesIO()
    written = CountedFile(file)
    with encrypting(written, opener.recipient) as plain:
        for start in range(0, len(content), 40_000):
            plain.write(content[start : start + 40_000])
    assert len(file.getvalue()) == written.bytes
    return file.getvalue()


def open_all(opener: Opener, content: bytes) -> bytes:
    return b"".join(open_encrypted(io.BytesIO(content), opener, name="database.age"))


def open_by_the_specification(key: str, content: bytes) -> bytes:
    """Open what `age` has encrypted to one key, by its public specification alone (age-encryption.org/v1)."""
    private = X25519PrivateKey.from_private_bytes(read_bech32(key))
    header, _, rest = content.partition(b"\n--- ")
    version, *stanzas = header.decode().split("\n-> ")
    assert version == "age-encryption.org/v1"
    # another stanza is there to keep readers from taking it for the only one
    (stanza,) = [one for one in stanzas if one.startswith("X25519 ")]
    share, body = stanza.removeprefix("X25519 ").split("\n")
    own, theirs = private.public_key().public_bytes_raw(), unpadded(share)
    secret = private.exchange(X25519PublicKey.from_public_bytes(theirs))
    wrapping = derive(secret, theirs + own, b"age-encryption.org/v1/X25519")
    file_key = ChaCha20Poly1305(wrapping).decrypt(bytes(12), unpadded(body), None)
    _, _, rest = rest.partition(b"\n")
    opened, payload = rest[:16], rest[16:]
    stream = ChaCha20Poly1305(derive(file_key, opened, b"payload"))
    plain = b""
    for number in count():
        sealed, payload = payload[: CHUNK_BYTES + CODE_BYTES], payload[CHUNK_BYTES + CODE_BYTES :]
        plain += stream.decrypt(number.to_bytes(11) + bytes([not payload]), sealed, None)
        if not payload:
            return plain
    raise AssertionError


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def read_bech32(text: str) -> bytes:
    """The bytes of a key. Its last six signs are a check sum, which is left out."""
    values = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(sign) for sign in text.lower().rpartition("1")[2][:-6]]
    bits = "".join(f"{value:05b}" for value in values)
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits) - 7, 8))


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7])
def test_what_was_encrypted_opens_byte_for_byte_here_and_by_the_specification_of_age(
    opener: Opener, length: int
) -> None:
    content = os.urandom(length)
    written = encrypt(opener, content)
    assert open_all(opener, written) == content
    assert open_by_the_specification(str(opener.key), written) == content


def test_what_is_cut_off_altered_or_followed_by_more_does_not_open(opener: Opener) -> None:
    written = encrypt(opener, bytes(2 * CHUNK_BYTES + 100))
    start = len(written) - 2 * (CHUNK_BYTES + CODE_BYTES) - 100 - CODE_BYTES
    first, second = start + CHUNK_BYTES + CODE_BYTES, start + 2 * (CHUNK_BYTES + CODE_BYTES)
    cut = [0, 10, start - 20, start, first - 1, first, second, len(written) - 1]
    turned = [*range(0, start, 7), start + 5, first + 5, second + 5, len(written) - 1]
    wrong = [written[:length] for length in cut]
    wrong += [written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :] for at in turned]
    wrong += [written + b"x", written[:start] + written[first:second] + written[start:first] + written[second:]]
    for content in wrong:
        with pytest.raises(BackupBroken):
            open_all(opener, content)


def test_another_key_opens_nothing_and_is_told_by_name(opener: Opener, tmp_path: Path) -> None:
    made = make_key_pair(tmp_path / "other.key")
    other = Opener.load(tmp_path / "other.key")
    with pytest.raises(BackupBroken):
        open_all(other, encrypt(opener, b"the keys"))
    opener.make_sure_that_meant(opener.recipient.name)
    with pytest.raises(ConfigurationError) as error:
        other.make_sure_that_meant(opener.recipient.name)
    assert error.value.kind == "backup.other_key"
    assert made.name in error.value.message
    assert opener.recipient.name in error.value.message


def test_the_same_content_is_encrypted_in_another_way_each_time(opener: Opener) -> None:
    assert encrypt(opener, b"the keys") != encrypt(opener, b"the keys")


class FullDisk(io.BytesIO):
    """A file that takes one chunk."""

    def write(self, content: object, /) -> int:
        if self.tell() > CHUNK_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)  # type: ignore[arg-type]  # bytes


@pytest.mark.parametrize("length", [CHUNK_BYTES + 100, 100 * CHUNK_BYTES])
def test_a_full_disk_is_told_as_the_disk_says_it(opener: Opener, length: int) -> None:
    with (
        pytest.raises(OSError, match="No space") as error,
        encrypting(CountedFile(FullDisk()), opener.recipient) as plain,
    ):
        plain.write(bytes(length))
    assert error.value.errno == errno.ENOSPC


def test_an_error_of_whoever_writes_is_told_as_it_is(opener: Opener) -> None:
    content = (bytes(1 // at) for at in (1, 1, 0))
    with pytest.raises(ZeroDivisionError), encrypting(CountedFile(io.BytesIO()), opener.recipient) as plain:
        plain.writelines(content)


def test_whoever_reads_no_further_leaves_nobody_waiting(opener: Opener) -> None:
    written = encrypt(opener, bytes(200 * CHUNK_BYTES))
    content = open_encrypted(io.BytesIO(written), opener, name="database.age")
    assert next(content)
    content.close()


def test_a_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "backup.key"
    made = make_key_pair(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Recipient.load(tmp_path / "backup.key.pub").name == made.name
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="overwritten"):
        make_key_pair(path)
    assert path.read_bytes() == before


def test_a_key_of_age_keygen_is_one_with_its_comments(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "of-age.key"
    path.write_text(f"# created: 2027-03-01T06:00:00+01:00\n# public key: {opener.recipient.name}\n{opener.key}\n")
    path.chmod(0o600)
    assert Opener.load(path).recipient.name == opener.recipient.name


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key_pair(tmp_path / "backup.key")
    (tmp_path / "backup.key").chmod(0o644)
    with pytest.raises(ConfigurationError):
        Opener.load(tmp_path / "backup.key")


def test_a_key_for_a_folder_that_is_not_there_asks_for_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        make_key_pair(tmp_path / "usb" / "backup.key")
    assert error.value.kind == "backup.key.folder"
    assert error.value.message == f"{tmp_path / 'usb'} is not there"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["Vestergade 12", "AGE-SECRET-KEY-1VESTERGADE", "age1vestergade", "a\nb", "", "æ"])
def test_a_file_without_a_key_says_so_and_nothing_of_what_is_in_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "no.key"
    path.write_text(text)
    path.chmod(0o600)
    for load in (Opener.load, Recipient.load):
        with pytest.raises(ConfigurationError) as error:
            load(path)
        assert error.value.kind == "backup.key"
        assert "vestergade" not in error.value.message.lower()
        assert error.value.__cause__ is None
