"""What Prometheus reads, by Prometheus' own reader, and who else may."""
import secrets

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

CHAT = {"model": "imposter-1", "messages": [{"role": "user", "content": "hi"}]}


def samples(text) -> dict:
    """{("name", (("label", "value"), …)): value}; every family says what it is."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
        for sample in family.samples:
            place = (sample.name, tuple(sorted(sample.labels.items())))
            assert place not in found, place
            found[place] = sample.value
    return found


def value(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))))


@pytest.fixture
def token(tmp_path):
    made = secrets.token_hex(32)
    (tmp_path / "metrics.token").write_text(made + "\n")
    return made


@pytest.fixture
def watched(start, token, tmp_path):
    return start(extra=["--set", f"metrics.token_file={tmp_path / 'metrics.token'}"])


def get(gateway, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{gateway.url}/metrics", headers=headers, timeout=20)


def test_prometheus_reads_what_calls_came_to(watched, token):
    before = samples(get(watched, token).text)
    with httpx.Client(base_url=watched.url, timeout=20,
                      headers={"Authorization": f"Bearer {watched.key}"}) as http:
        for _ in range(3):
            answered = http.post("/v1/chat/completions", json=CHAT)
            assert answered.status_code == 200
        assert http.post("/v1/chat/completions", json=CHAT | {"model": "nobody"}).status_code == 404
    answer = get(watched, token)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    after = samples(answer.text)
    chats = {"route": "/v1/chat/completions", "method": "POST"}
    assert value(before, "keywarden_requests_total", **chats, status="200") is None
    assert value(after, "keywarden_requests_total", **chats, status="200") == 3
    assert value(after, "keywarden_requests_total", **chats, status="404") == 1
    assert value(after, "keywarden_request_errors_total", code="model_not_found",
                 fault="caller") == 1
    assert value(after, "keywarden_upstream_requests_total", provider="imposter") == 3
    assert value(after, "keywarden_request_duration_seconds_count",
                 route="/v1/chat/completions") == 3
    assert value(after, "keywarden_request_overhead_seconds_bucket", route="/v1/chat/completions",
                 le="+Inf") == 3
    used = answered.json()["usage"]
    assert value(after, "keywarden_tokens_total", provider="imposter",
                 type="input") == 3 * used["prompt_tokens"]
    assert value(after, "keywarden_store_up") == 1
    assert value(after, "process_resident_memory_bytes") > 1 << 20
    for secret in (watched.key, token, watched.key.split("_")[2]):
        assert secret not in answer.text


def test_nobody_reads_them_without_the_token(watched, token):
    assert get(watched).status_code == 401
    assert get(watched, watched.key).status_code == 403, "an API key is not for this"
    assert get(watched, token[:-1]).status_code == 401
    assert get(watched, token).status_code == 200
    for path in ("/v1/key", "/v1/admin/teams"):
        refused = httpx.get(watched.url + path, headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 401, "and it opens nothing else"


def test_who_guesses_is_throttled(watched, token):
    codes = []
    while "too_many_failed_attempts" not in codes and len(codes) < 200:  # one a second is forgiven
        codes.append(get(watched, "x" * 64).json()["code"])
    assert codes[0] == "invalid_api_key" and codes[-1] == "too_many_failed_attempts"
    assert get(watched, token).status_code == 200


def test_without_a_token_they_are_for_the_local_socket_alone(gateway):
    assert get(gateway, gateway.key).status_code == 403
    assert get(gateway, "x" * 64).status_code in (401, 429)
    transport = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
    with httpx.Client(transport=transport, base_url="http://localhost") as operator:
        assert value(samples(operator.get("/metrics").text), "keywarden_store_up") == 1


def test_a_token_that_is_short_is_refused_at_the_start(start, tmp_path):
    short = tmp_path / "short"
    short.write_text("secret")
    with pytest.raises(AssertionError, match="openssl rand"):
        start(extra=["--set", f"metrics.token_file={short}"])
