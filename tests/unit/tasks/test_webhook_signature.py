from __future__ import annotations

import pytest

from ocrq.webhooks import sign, verify

SECRET, BODY, AT = "a secret of the two of them", b'{"id":"1"}', 1_800_000_000
HEADER = sign(SECRET, BODY, AT)


def test_what_was_signed_verifies() -> None:
    assert verify(SECRET, BODY, HEADER, now=AT + 10)


def test_a_signature_is_the_hmac_of_the_timestamp_and_the_body() -> None:
    # printf '1800000000.{"id":"1"}' | openssl dgst -sha256 -hmac 'a secret of the two of them'
    assert HEADER == "t=1800000000,v1=4f82ce2b211a88ad51a627c0aecea7c022f8c11c372277692c2f0477287394fa"


def test_another_secret_body_or_timestamp_does_not_verify() -> None:
    assert not verify("another secret", BODY, HEADER, now=AT)
    assert not verify(SECRET, BODY + b" ", HEADER, now=AT)
    assert not verify(SECRET, BODY, HEADER.replace("t=1800000000", "t=1800000001"), now=AT)


def test_a_notice_sent_again_later_does_not_verify() -> None:
    assert verify(SECRET, BODY, HEADER, now=AT + 299)
    assert not verify(SECRET, BODY, HEADER, now=AT + 301)
    assert not verify(SECRET, BODY, HEADER, now=AT - 301)
    assert verify(SECRET, BODY, HEADER, tolerance=1000, now=AT + 900)


def test_one_of_several_signatures_is_enough_and_unknown_parts_are_ignored() -> None:
    timestamp, ours = HEADER.split(",")
    assert verify(SECRET, BODY, f"{timestamp}, v1={'0' * 64}, {ours}, v9=x", now=AT)


@pytest.mark.parametrize(
    "header", ["", "t=", "v1=", f"t={AT}", f"t={AT},v1=", f"t=x,v1={'0' * 64}", f"{HEADER},t=1", "t=²,v1=0", "t=1,v1=ü"]
)
def test_a_malformed_header_does_not_verify(header: str) -> None:
    assert not verify(SECRET, BODY, header, now=AT)
