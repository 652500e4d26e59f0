"""Services on the network: asked again where that helps, kept on disk, never told apart by a key."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dcfoot.errors import ConfigError, ServiceUnavailable
from dcfoot.web import Secrets, Service, Web, json_object
from simulated.environ import unobserved
from simulated.web_service import Asked, Reply, WebService, as_json

HOUR_S = 3600.0


class Watch:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now_s = time.time()
        self.pauses_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        self.now_s += seconds

    def now(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def web(tmp_path: Path, watch: Watch) -> Web:
    return Web(tmp_path / "cache", timeout_s=5.0, sleep=watch.sleep, now=watch.now)


def ours(service: WebService) -> Service:
    return Service("The service", service.url, ("THE_KEY",))


def test_an_answer_is_asked_for_once_while_it_is_good(web: Web, watch: Watch) -> None:
    with WebService([Reply(b"first"), Reply(b"second")]) as service:
        bodies = [web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S).body for _ in range(3)]
        watch.now_s += HOUR_S + 1
        bodies.append(web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S).body)
    assert bodies == [b"first", b"first", b"first", b"second"]
    assert len(service.asked) == 2


def test_an_answer_that_was_no_good_is_asked_for_again(web: Web) -> None:
    with WebService([Reply(b"first"), Reply(b"second")]) as service:
        web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S).forget()
        fresh, kept = (web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S) for _ in range(2))
        assert (fresh.body, kept.body) == (b"second", b"second")
        kept.forget()
        fresh.forget()
        assert web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S).body == b"second"
    assert len(service.asked) == 3


def test_another_question_is_another_answer(web: Web) -> None:
    with WebService(lambda asked: Reply(asked.parameters["a"].encode())) as service:
        bodies = [web.get(ours(service), "/v1/x", {"a": a}, keep_s=HOUR_S).body for a in ("1", "2", "1")]
    assert bodies == [b"1", b"2", b"1"]
    assert len(service.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_asked_again_after_a_pause_that_doubles(web: Web, watch: Watch, status: int) -> None:
    with WebService([Reply(status=status), Reply(status=status), Reply(b"at last")]) as service:
        assert web.get(ours(service), "/", {}, keep_s=0).body == b"at last"
    assert watch.pauses_s == [1.0, 2.0]


def test_the_pause_is_the_one_that_the_service_asks_for(web: Web, watch: Watch) -> None:
    with WebService([Reply(status=429, headers={"Retry-After": "7"}), Reply(b"now")]) as service:
        assert web.get(ours(service), "/", {}, keep_s=0).body == b"now"
    assert watch.pauses_s == [7.0]


def test_a_pause_may_be_asked_for_as_a_date(web: Web, watch: Watch) -> None:
    from email.utils import formatdate

    reply = Reply(status=503, headers={"Retry-After": formatdate(watch.now_s + 12, usegmt=True)})
    with WebService([reply, Reply(b"now")]) as service:
        web.get(ours(service), "/", {}, keep_s=0)
    assert 11.0 <= watch.pauses_s[0] <= 12.0


def test_a_service_that_asks_for_an_hour_is_not_waited_for(web: Web, watch: Watch) -> None:
    with (
        WebService([Reply(status=429, headers={"Retry-After": "3600"})]) as service,
        pytest.raises(ServiceUnavailable, match="HTTP 429") as raised,
    ):
        web.get(ours(service), "/", {}, keep_s=0)
    assert raised.value.passing
    assert watch.pauses_s == []
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again_and_the_variable_is_named(web: Web, status: int) -> None:
    with (
        WebService([Reply(b'{"error": "Invalid auth-token s3cret"}', status)]) as service,
        pytest.raises(ServiceUnavailable) as raised,
    ):
        web.get(ours(service), "/", {}, keep_s=HOUR_S, secrets=lambda: Secrets(headers={"auth-token": "s3cret"}))
    assert f"HTTP {status}" in str(raised.value)
    assert "Check THE_KEY." in str(raised.value)
    assert "s3cret" not in str(raised.value)
    assert len(service.asked) == 1


def test_what_is_kept_stands_in_for_a_service_that_fails_and_says_that_it_is_stale(web: Web, watch: Watch) -> None:
    with WebService([Reply(b"old"), Reply(status=500)]) as service:
        fresh = web.get(ours(service), "/", {}, keep_s=HOUR_S)
        watch.now_s += 2 * HOUR_S
        stale = web.get(ours(service), "/", {}, keep_s=HOUR_S)
    assert (fresh.body, fresh.stale) == (b"old", False)
    assert (stale.body, stale.stale) == (b"old", True)
    assert stale.fetched_at <= fresh.fetched_at


def test_what_is_kept_does_not_hide_that_the_key_is_refused(web: Web, watch: Watch) -> None:
    with WebService([Reply(b"old"), Reply(status=401)]) as service:
        web.get(ours(service), "/", {}, keep_s=HOUR_S)
        watch.now_s += 2 * HOUR_S
        with pytest.raises(ServiceUnavailable, match="HTTP 401"):
            web.get(ours(service), "/", {}, keep_s=HOUR_S)


def test_a_service_that_is_not_there_or_too_slow_counts_as_passing(tmp_path: Path, watch: Watch) -> None:
    web = Web(tmp_path, timeout_s=0.2, sleep=watch.sleep, now=watch.now)
    with WebService([Reply(b"late", delay_s=1.0)]) as service:
        slow = ours(service)
        with pytest.raises(ServiceUnavailable, match="cannot be reached") as raised:
            web.get(slow, "/", {}, keep_s=0)
    assert raised.value.passing
    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        web.get(slow, "/", {}, keep_s=0)


def test_no_key_is_written_to_disk(web: Web, tmp_path: Path) -> None:
    secrets = Secrets({"auth-token": "s3cret"}, {"api_key": "s3cret"}, ("me", "s3cret"))
    with WebService([Reply(b"answer")]) as service:
        web.get(ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S, secrets=lambda: secrets)
        assert service.asked[0].parameters["api_key"] == "s3cret"
        assert service.asked[0].user_and_password == ("me", "s3cret")
        again = web.get(
            ours(service), "/v1/x", {"a": "1"}, keep_s=HOUR_S, secrets=lambda: Secrets({"auth-token": "other"})
        )
    assert again.body == b"answer"
    assert len(service.asked) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"answer"]
    assert not any("s3cret" in str(path) for path in files)


def test_a_redirect_is_not_followed_with_the_key(web: Web) -> None:
    def other(_: Asked) -> Reply:
        return Reply(b"thank you for the key")

    with (
        WebService(other) as elsewhere,
        WebService([Reply(status=302, headers={"Location": elsewhere.url})]) as service,
    ):
        with pytest.raises(ServiceUnavailable, match="HTTP 302"):
            web.get(ours(service), "/", {}, keep_s=0, secrets=lambda: Secrets({"auth-token": "s3cret"}))
        assert elsewhere.asked == []


def test_a_disk_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "file").write_text("in the way")
    web = Web(tmp_path / "file" / "cache", sleep=watch.sleep, now=watch.now)
    with WebService([Reply(b"answer")]) as service:
        assert web.get(ours(service), "/", {}, keep_s=HOUR_S).body == b"answer"


@pytest.mark.parametrize("reply", [Reply(b"<html>down</html>"), as_json([1, 2]), Reply(b"\xff\xfe")])
def test_an_answer_that_is_no_json_object_is_the_services_fault(web: Web, reply: Reply) -> None:
    with WebService([reply]) as service, pytest.raises(ServiceUnavailable, match="did not answer with a JSON object"):
        json_object(web.get(ours(service), "/", {}, keep_s=0), ours(service))


def test_a_key_that_is_not_set_is_named() -> None:
    service = Service("The service", "http://127.0.0.1:9", ("THE_USER", "THE_PASSWORD"))
    assert service.keys({"THE_USER": "me", "THE_PASSWORD": " x "}) == ("me", "x")
    with pytest.raises(ConfigError, match="THE_PASSWORD"):
        service.keys({"THE_USER": "me", "THE_PASSWORD": " "})


def test_the_default_cache_is_in_the_users_folder_for_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dcfoot.web import default_cache_dir

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # XDG Base Directory Specification 0.8
    assert default_cache_dir() == tmp_path / "dcfoot" / "web"


def test_importing_the_door_loads_no_client() -> None:
    code = "import sys, dcfoot.web; print(bool({'requests', 'urllib3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unobserved())
    assert done.stdout == "False\n"
