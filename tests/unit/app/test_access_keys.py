"""Keys as operators write them, and what is kept of them."""

from __future__ import annotations

import hashlib
import hmac
import logging
import pickle

import pytest
from pydantic import SecretStr

from app.api_keys import ApiKey, KeyRing
from ocrq.errors import ServiceError
from ocrq.keys import digest_of, hashed_entry, new_secret
from tasks.settings import Settings

ANN, BOB, OPS = "ann-0123456789-abcdefgh", "bob-0123456789-abcdefgh", "ops-0123456789-abcdefgh"


def ring_of(text: str | None = None, file=None) -> KeyRing:
    keys = KeyRing.from_settings(Settings(api_keys=None if text is None else SecretStr(text), api_keys_file=file))
    assert keys is not None
    return keys


def key_of(entry: str, secret: str = ANN) -> ApiKey:
    key = ring_of(entry).find(secret)
    assert key is not None
    return key


def complaint(text: str) -> str:
    with pytest.raises(ServiceError) as raised:
        ring_of(text)
    return raised.value.detail


def test_without_keys_there_is_no_ring():
    assert KeyRing.from_settings(Settings()) is None
    assert KeyRing.from_settings(Settings(api_keys="", api_keys_file="")) is None


def test_a_plain_secret_is_named_by_its_place_and_reads_and_submits():
    keys = ring_of(f"{ANN}, {BOB}\n{OPS}")
    assert [keys.find(secret).name for secret in (ANN, BOB, OPS)] == ["key1", "key2", "key3"]
    assert keys.find(BOB).scopes == {"read", "submit"}


def test_a_key_has_the_name_and_the_scopes_it_is_given():
    assert key_of(f"web:{ANN}").name == "web"
    assert key_of(f"web:{ANN}").scopes == {"read", "submit"}
    assert key_of(f"web:{ANN}:read").scopes == {"read"}
    assert key_of(f"web:{ANN}:submit+admin").scopes == {"submit", "admin"}


def test_an_admin_may_everything():
    key = key_of(f"ops:{ANN}:admin")
    assert all(key.may(scope) for scope in ("read", "submit", "admin"))
    assert not key_of(f"web:{ANN}:read").may("submit")


def test_a_hashed_entry_stands_for_its_secret():
    digest = hashlib.sha256(ANN.encode()).hexdigest()
    assert key_of(f"web:sha256${digest}").name == "web"
    assert key_of(f"web:sha256${digest.upper()}:read").scopes == {"read"}
    assert key_of(f"sha256${digest}").name == "key1"
    assert ring_of(f"web:sha256${digest}").find(f"sha256${digest}") is None, "the digest itself is no key"


def test_what_the_command_makes_is_understood():
    secret = new_secret()
    assert key_of(hashed_entry("web", secret), secret).name == "web"
    assert key_of(hashed_entry("web", secret, ["admin"]), secret).is_admin
    assert len(secret) >= 43 and secret != new_secret()


def test_a_file_has_an_entry_a_line_and_comments(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# ours\n\n  web:{ANN}  \r\n#old:{OPS}\nbob:{BOB}:read;rate=5/minute\n")
    keys = ring_of(file=path)
    assert (keys.find(ANN).name, keys.find(BOB).name, keys.find(OPS)) == ("web", "bob", None)


def test_file_and_environment_add_up(tmp_path):
    path = tmp_path / "keys"
    path.write_text(BOB)
    keys = ring_of(ANN, file=path)
    assert (keys.find(ANN).name, keys.find(BOB).name) == ("key1", "key2")


def test_two_keys_of_one_name_are_one_owner_so_that_a_key_can_be_changed():
    keys = ring_of(f"web:{ANN},web:{BOB}")
    assert keys.find(ANN).name == keys.find(BOB).name == "web"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (f"a:b:{OPS}:read:x", "more than three parts"),
        (f"we b:{OPS}", "its name may have"),
        (f"{'x' * 65}:{OPS}", "its name may have"),
        (f":{OPS}", "its name may have"),
        ("web:", "empty"),
        (f"web:{OPS} {OPS}", "cannot carry"),
        (f"web:{OPS}ü", "cannot carry"),
        ("web:short", "fewer than 8"),
        ("web:sha256", "single quotes"),
        ("web:sha256$12ab", "64 hexadecimal digits"),
        (f"web:{OPS}:write", "scopes are unknown"),
        (f"web:{OPS}:", "scopes are unknown"),
        ("very-secret-value:read+submit", "write name:secret:scopes"),
        ("very-secret-value:admin", "write name:secret:scopes"),
        (f"web:{OPS};rate=lots", ";rate=60/minute"),
        (f"web:{OPS};speed=1/hour", ";rate=60/minute"),
        (f"web:{OPS};rate=5MB/hour", ";rate=60/minute"),
        (f"web:{OPS};rate=1/hour;rate=2/hour", ";rate=60/minute"),
        (f"web:{OPS};rate=0/hour", "remove the entry"),
        (f"web:{OPS};rate=5/0hour", "remove the entry"),
        (f"other:{ANN}", "listed twice"),
    ],
)
def test_a_wrong_entry_is_reported_by_its_number_and_never_by_what_is_in_it(entry, expected):
    message = complaint(f"ann:{ANN}\n\n{entry}")
    assert message.startswith("entry 3 of OCRQ_API_KEYS: ")
    assert expected in message
    for part in (ANN, OPS, "very-secret-value", "12ab", "lots", "speed"):
        assert part not in message


def test_a_name_that_was_made_up_is_nobodys_else():
    assert "name all entries" in complaint(f"{ANN},key1:{BOB}")
    assert "name all entries" in complaint(f"key2:{ANN},{BOB}")


def test_a_wrong_line_of_a_file_is_reported_by_its_number(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# one\nweb:{ANN}\nweb:x\n")
    with pytest.raises(ServiceError, match="line 3 of OCRQ_API_KEYS_FILE: its secret"):
        ring_of(file=path)


def test_keys_that_are_set_and_hold_none_open_nothing(tmp_path):
    assert "contains no key" in complaint(" , ")
    (tmp_path / "keys").write_text("# none yet\n")
    with pytest.raises(ServiceError, match="contains no key"):
        ring_of(file=tmp_path / "keys")


def test_a_file_that_cannot_be_read_is_reported(tmp_path):
    with pytest.raises(ServiceError, match="cannot be read"):
        ring_of(file=tmp_path / "nothing")
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ServiceError, match="cannot be read"):
        ring_of(file=tmp_path / "noise")


def test_a_short_secret_is_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        ring_of(f"web:{ANN},old:nine-char")
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["entry 2 of OCRQ_API_KEYS"]
    assert "nine-char" not in caplog.text


def test_a_ring_holds_no_secret():
    keys = ring_of(f"ann:{ANN};rate=5/minute,bob:{BOB}")
    assert ANN.encode() not in pickle.dumps(keys._keys)
    assert digest_of(ANN.encode()).hex() not in repr(keys._keys)
    assert str(digest_of(ANN.encode())) not in repr(keys._keys)


def test_settings_show_no_key():
    settings = Settings(api_keys=f"ann:{ANN}")
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert ANN not in shown


def test_every_key_is_compared_whichever_fits(monkeypatch):
    keys = ring_of(f"{ANN},{BOB},{OPS}")
    compared = []

    def counting(one, other):
        compared.append(len(other))
        return same(one, other)

    same = hmac.compare_digest
    monkeypatch.setattr("app.api_keys.hmac.compare_digest", counting)
    for secret, found in ((ANN, "key1"), (OPS, "key3"), ("nobody", None), ("n" * 100_000, None), ("é", None)):
        compared.clear()
        key = keys.find(secret)
        assert (key.name if key else None) == found
        assert compared == [32, 32, 32], "digests of one length, all of them"
