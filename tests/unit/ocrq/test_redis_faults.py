from __future__ import annotations

import errno
import os

import pytest
import redis
from kombu.exceptions import OperationalError

from ocrq.redis_faults import redis_fault


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", "memory_full"),
        (
            "ERR Error running script (call to f_1): @user_script:6: @user_script: 6: -OOM command not allowed",
            "memory_full",
        ),
        ("READONLY You can't write against a read only replica.", "read_only"),
        ("READONLY You can't write against a read only replica. script: 1, on @user_script:1.", "read_only"),
        ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", "read_only"),
        ("MISCONF Errors writing to the AOF file: No space left on device", "redis_disk"),
        (
            "ERR Error running script (call to f_1): @user_script:1: -MISCONF Errors writing to the AOF file",
            "redis_disk",
        ),
        ("NOREPLICAS Not enough good replicas to write.", "no_replicas"),
        ("LOADING Redis is loading the dataset in memory", "loading"),
        ("NOAUTH Authentication required.", "login_refused"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "login_refused"),
        ("NOPERM this user has no permissions to run the 'evalsha' command", "not_permitted"),
        ("MOVED 866 127.0.0.1:7001", "cluster"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "cluster"),
        ("ERR unknown command", "unreachable"),
    ],
)
def test_each_reply_of_redis_is_reported_by_its_cause(reply: str, cause: str) -> None:
    parsed = redis.connection.DefaultParser.parse_error(reply)
    assert redis_fault(parsed).cause == cause


def test_a_cause_is_found_behind_the_errors_that_carry_it() -> None:
    outer = OperationalError("Connection to broker lost")
    outer.__cause__ = redis.exceptions.ReadOnlyError("You can't write", status_code="READONLY")
    assert redis_fault(outer).cause == "read_only"


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "disk_refuses"),
        (errno.EPIPE, "unreachable"),
    ],
)
def test_a_full_disk_is_reported_as_such(number: int, cause: str) -> None:
    assert redis_fault(OSError(number, os.strerror(number))).cause == cause


def test_a_refused_certificate_is_reported_with_its_reason() -> None:
    fault = redis_fault(
        redis.ConnectionError(
            "Error 1 connecting to queue:6380. [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
            "self-signed certificate in certificate chain (_ssl.c:992)."
        )
    )
    assert fault.cause == "certificate_refused"
    assert "(self-signed certificate in certificate chain)" in fault.detail


def test_tls_to_a_redis_without_it_is_reported() -> None:
    assert redis_fault(redis.ConnectionError("[SSL: WRONG_VERSION_NUMBER] wrong version number")).cause == "no_tls"
