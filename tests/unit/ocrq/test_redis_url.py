from __future__ import annotations

import ssl

import pytest
import redis
from kombu.utils.url import parse_url
from pydantic import SecretStr

from ocrq.redis_client import Sentinels, redis_client
from ocrq.redis_url import masked, normalised
from tasks.celery_app import make_celery
from tasks.settings import Settings


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("redis://host", "redis://host:6379/0"),
        (" redis://host:7000/3 ", "redis://host:7000/3"),
        ("redis://", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@host", "redis://:secret@host:6379/0"),
        ("redis://user@host", "redis://user@host:6379/0"),
        ("redis://user:p@ss/w:rd#1@host:1/2", "redis://user:p%40ss%2Fw%3Ard%231@host:1/2"),
        ("redis://user:p%40ss@host:1/2", "redis://user:p%40ss@host:1/2"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("rediss://host", "rediss://host:6379/0?ssl_cert_reqs=required"),
        ("rediss://host?ssl_cert_reqs=CERT_NONE", "rediss://host:6379/0?ssl_cert_reqs=none"),
        ("rediss://host/1?ssl_cert_reqs=optional", "rediss://host:6379/1?ssl_cert_reqs=optional"),
        (
            "rediss://host:1/0?ssl_ca_certs=/etc/ca.pem",
            "rediss://host:1/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required",
        ),
    ],
)
def test_a_url_has_one_form_and_keeps_it(url: str, form: str) -> None:
    assert normalised(url) == form
    assert normalised(form) == form


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/redis.sock", "Unix socket"),
        ("redis+socket:///run/redis.sock", "Unix socket"),
        ("sentinel://one:26379;sentinel://two:26379", "master_name"),
        ("sentinel://one?master_name=m&ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("sentinel://one:port?master_name=m", "host and port"),
        ("rediss+sentinel://one?master_name=m", "HAProxy"),
        ("redis+cluster://host", "Cluster"),
        ("http://host", "redis://"),
        ("nonsense", "redis://"),
        ("redis://one,two", "several"),
        ("redis://host:port", "host and port"),
        ("redis://host:99999", "65535"),
        ("redis://host:1/db", "database"),
        ("redis://host?ssl_cert_reqs=none", "rediss"),
        ("rediss://host?ssl_cert_reqs=maybe", "ssl_cert_reqs"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_remedy(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        normalised(url)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("sentinel://one?master_name=m", "sentinel://one:26379/0?master_name=m"),
        ("redis+sentinel://u:p@ss@one:1,two/3?master_name=m", "sentinel://u:p%40ss@one:1,two:26379/3?master_name=m"),
        (
            "sentinel://:pw@one:26379/2;sentinel://:pw@[::1]:26380/2?master_name=m&sentinel_password=own",
            "sentinel://:pw@one:26379,[::1]:26380/2?master_name=m&sentinel_password=own",
        ),
    ],
)
def test_sentinels_are_named_in_one_url_or_as_celery_does(url: str, form: str) -> None:
    assert normalised(url) == form
    assert normalised(form) == form


def test_celery_and_redis_are_led_to_the_same_sentinels() -> None:
    url = normalised("sentinel://u:p@ss@one:1,[::1]:2/3?master_name=m&sentinel_password=own")
    sentinels = Sentinels.of(url)
    assert sentinels is not None
    app = make_celery(Settings(redis_url=SecretStr(url)), socket_timeout=4)
    pool = redis_client(url, socket_timeout=4).connection_pool
    manager = pool.sentinel_manager
    addresses = [
        (one.get_connection_kwargs()["host"], one.get_connection_kwargs()["port"]) for one in manager.sentinels
    ]
    assert addresses == [("one", 1), ("::1", 2)]
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == ("m", 3, "p@ss")
    with app.connection_for_write() as connection:
        assert [parse_url(one)["hostname"] for one in connection.alt] == ["one", "::1"]
        assert parse_url(connection.alt[0])["password"] == "p@ss"
        assert connection.transport_options["master_name"] == "m"
        assert connection.transport_options["sentinel_kwargs"]["password"] == "own"
    backend = app.backend
    assert [(host["host"], host["port"]) for host in backend.connparams["hosts"]] == addresses
    assert (backend.connparams["db"], backend.connparams["password"]) == (3, "p@ss")


def test_one_server_has_no_sentinels() -> None:
    assert Sentinels.of(normalised("redis://host")) is None


def test_redis_and_kombu_read_the_form_alike() -> None:
    url = normalised("rediss://user:p@ss/w:rd@host:7000/3?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=/etc/ca.pem")
    of_redis = redis.connection.parse_url(url)
    of_kombu = parse_url(url)
    assert of_redis["password"] == of_kombu["password"] == "p@ss/w:rd"
    assert (of_redis["username"], of_redis["db"], of_redis["port"]) == ("user", 3, 7000)
    assert (of_kombu["userid"], of_kombu["virtual_host"], of_kombu["port"]) == ("user", "3", 7000)
    assert of_redis["ssl_cert_reqs"] == "required"
    assert of_kombu["ssl"] == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": "/etc/ca.pem"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@host:1/0", "redis://:***@host:1/0"),
        ("rediss://user:se:cr@et/@host:1/0", "rediss://user:***@host:1/0"),
        ("user:secret@host", "user:***@host"),
        ("redis://host:1/0?password=secret&x=1", "redis://host:1/0?password=***&x=1"),
        ("redis://host:1/0", "redis://host:1/0"),
        ("sentinel://:a@one;sentinel://:b@two?sentinel_password=c", "sentinel://:***@two?sentinel_password=***"),
    ],
)
def test_a_password_is_masked_wholly(url: str, shown: str) -> None:
    assert masked(url) == shown
