"""boto3, unmodified, against the gateway; behind it a Bedrock that checks signatures and shapes with botocore."""
import asyncio
import datetime
import threading
import time

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

import bedrock
from conftest import ROOMY, provider
from gateway import Gateway
from imposter import PROVIDER_KEY, Imposter
from test_tls import TlsGateway, certificate, config

MODEL = "maker.imposter-v1:0"
HELLO = [{"role": "user", "content": [{"text": "Say hello"}]}]
TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "description": "The weather in a city", "inputSchema": {
    "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}}],
    "toolChoice": {"any": {}}}


@pytest.fixture(scope="module")
def the_bedrock():
    imposter = Imposter()
    yield imposter
    imposter.stop()


@pytest.fixture
def upstream(the_bedrock):
    the_bedrock.reset()
    the_bedrock.behave = bedrock.answering()
    return the_bedrock


@pytest.fixture(scope="module")
def gateway(the_bedrock, the_imposter, tmp_path_factory):
    others = bedrock.provider(the_bedrock, "frankfurt", more='api_key_env = "BEARER"')
    gateway = Gateway(tmp_path_factory.mktemp("bedrock") / "data",
                      ROOMY + bedrock.provider(the_bedrock) + others + provider(the_imposter),
                      env=bedrock.ENVIRONMENT | {"BEARER": bedrock.BEARER, "IMPOSTER_API_KEY": PROVIDER_KEY})
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    for secret in (bedrock.SECRET, bedrock.TOKEN, bedrock.BEARER):
        assert secret not in gateway.logged() + gateway.printed()


def client_of(gateway, key=None, attempts=1, **config):
    """The key stands where AWS's key id does: the secret may be anything."""
    return boto3.Session().client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.url, aws_access_key_id=key or gateway.key,
        aws_secret_access_key="unused", config=Config(read_timeout=20, **config, retries={
            "total_max_attempts": attempts, "mode": "standard"}))


@pytest.fixture
def client(gateway):
    return client_of(gateway)


def ask(client, **more):
    return client.converse(**{"modelId": MODEL, "messages": HELLO} | more)


def text_of(answer) -> str:
    return answer["output"]["message"]["content"][0]["text"]


def read(stream) -> list[dict]:
    return list(stream["stream"])


@pytest.mark.parametrize("model", [MODEL, f"bedrock/{MODEL}", "quick", f"frankfurt/{MODEL}"])
def test_a_conversation_is_answered_whatever_the_form_of_the_model_id(client, upstream, model):
    answer = ask(client, modelId=model, inferenceConfig={"maxTokens": 64, "temperature": 0.5})
    assert text_of(answer) == "Hello, world"
    assert answer["usage"] == bedrock.USAGE and answer["stopReason"] == "end_turn"
    meta = answer["ResponseMetadata"]
    assert meta["RequestId"] == meta["HTTPHeaders"]["x-request-id"]
    assert upstream.last().path == "/model/maker.imposter-v1%3A0/converse"


@pytest.mark.parametrize("model", [bedrock.ARN, f"bedrock/{bedrock.ARN}"])
def test_an_arn_is_the_id_of_a_model(client, upstream, model):
    assert text_of(ask(client, modelId=model)) == "Hello, world"
    assert upstream.last().path.endswith("inference-profile%2Feu.maker.imposter-v1%3A0/converse")


def test_a_bearer_token_will_do_too(start, upstream, tmp_path, monkeypatch):
    """Over TLS: botocore sends none without."""
    files = certificate(tmp_path, 1)
    one = start(config(files) + bedrock.provider(upstream), env=bedrock.ENVIRONMENT, kind=TlsGateway)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", one.key)
    client = boto3.Session().client("bedrock-runtime", region_name="us-east-1", endpoint_url=one.url, verify=str(files[0]))
    assert text_of(ask(client)) == "Hello, world"
    assert one.key.encode() not in upstream.last().head
    assert read(client.converse_stream(modelId=MODEL, messages=HELLO))[-1]["metadata"]["usage"] == bedrock.USAGE


def test_the_provider_gets_its_own_signature_and_nothing_of_the_client(client, gateway, upstream):
    ask(client)
    call = upstream.last()
    assert f"Credential={bedrock.KEY_ID}/" in call.header("authorization")
    assert call.header("x-amz-security-token") == bedrock.TOKEN
    assert gateway.key.encode() not in call.head + call.body
    for name in ("amz-sdk-invocation-id", "amz-sdk-request", "x-amz-user-agent"):
        assert call.header(name) is None, name
    ask(client, modelId=f"frankfurt/{MODEL}")
    assert upstream.last().header("authorization") == f"Bearer {bedrock.BEARER}"


def test_a_body_passes_through_byte_for_byte(gateway, upstream):
    body = b'{ "messages":[{"role":"user","content":[{"text":"\\u00e9 \xc3\xa9"}]}],\n\t"system" : [ ] }'
    answer = httpx.post(f"{gateway.url}/model/quick/converse", content=body,
                        headers={"authorization": f"Bearer {gateway.key}", "content-type": "application/json"})
    assert answer.status_code == 200
    assert upstream.last().body == body


def test_a_stream_is_read_to_its_end(client, upstream):
    events = read(client.converse_stream(modelId=MODEL, messages=HELLO))
    assert [next(iter(event)) for event in events] == [
        "messageStart", *["contentBlockDelta"] * 3, "contentBlockStop", "messageStop", "metadata"]
    assert "".join(event["contentBlockDelta"]["delta"]["text"] for event in events[1:4]) == "Hello, world"
    assert events[-1]["metadata"]["usage"] == bedrock.USAGE


def test_a_frame_is_passed_on_before_the_next_one_exists(client, upstream):
    seen = threading.Event()

    async def wait_for_the_reader(_, link):
        await bedrock.start_stream(link)
        await bedrock.send(link, bedrock.START + bedrock.text("first"))
        assert await asyncio.to_thread(seen.wait, 10)
        await bedrock.send(link, bedrock.text("second") + bedrock.METADATA)
        await bedrock.end_stream(link)

    upstream.behave = bedrock.answering(answer=wait_for_the_reader)
    texts = []
    for event in client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]:
        if "contentBlockDelta" in event:
            texts.append(event["contentBlockDelta"]["delta"]["text"])
            seen.set()
    assert texts == ["first", "second"]


def test_tools_are_called(client, upstream):
    answer = ask(client, toolConfig=TOOLS)
    assert answer["stopReason"] == "tool_use"
    assert answer["output"]["message"]["content"][0]["toolUse"]["input"]["city"] == "Oslo"
    assert upstream.last().json()["toolConfig"] == TOOLS
    result = {"role": "user", "content": [{"toolResult": {
        "toolUseId": "tooluse_1", "content": [{"json": {"degrees": 3}}], "status": "success"}}]}
    ask(client, messages=HELLO + [answer["output"]["message"], result], toolConfig=TOOLS)
    assert upstream.last().json()["messages"][2] == result
    events = read(client.converse_stream(modelId=MODEL, messages=HELLO, toolConfig=TOOLS))
    assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "get_weather"
    pieces = [event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in events if "contentBlockDelta" in event]
    assert "".join(pieces) == '{"city":"Oslo"}'


def test_what_was_used_is_told_exactly_and_not_by_the_model(client, gateway, upstream):
    with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        ids = [ask(client, toolConfig=TOOLS)["ResponseMetadata"]["RequestId"]]
        stream = client.converse_stream(modelId=MODEL, messages=HELLO)
        ids.append(stream["ResponseMetadata"]["RequestId"])
        read(stream)
        for call_id in ids:
            row = wait_for_row(http, call_id)
            told = {"basis": "exact", "input_tokens": 100, "cached_input_tokens": 70, "cache_write_tokens": 20,
                    "output_tokens": 7}
            assert told.items() <= row["usage"].items(), row
            assert row["endpoint"].startswith("/model/{id}/converse")


def wait_for_row(http, call_id) -> dict:
    for _ in range(100):
        answer = http.get(f"/v1/account/requests/{call_id}")
        if answer.status_code == 200:
            return answer.json()
        time.sleep(0.1)
    raise AssertionError(f"no row of {call_id}: {answer.text}")


@pytest.mark.parametrize("status, kind", [
    (400, "ValidationException"), (404, "ResourceNotFoundException"), (408, "ModelTimeoutException"),
    (424, "ModelErrorException"), (429, "ThrottlingException"), (429, "ModelNotReadyException"),
    (503, "ServiceUnavailableException"),
])
@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
def test_the_providers_errors_are_raised_as_if_it_were_asked_directly(client, upstream, operation, status, kind):
    async def refuse(_, link):
        await bedrock.refuse(link, status, kind, f"the imposter says {kind}")

    upstream.behave = refuse
    with pytest.raises(getattr(client.exceptions, kind)) as caught:
        getattr(client, operation)(modelId=MODEL, messages=HELLO)
    assert caught.value.response["Error"] == {"Code": kind, "Message": f"the imposter says {kind}"}


def test_our_own_errors_are_raised_as_their_classes(client, gateway, upstream):
    with pytest.raises(client.exceptions.ResourceNotFoundException) as unknown:
        ask(client, modelId="no-such-model")
    assert "no-such-model" in unknown.value.response["Error"]["Message"]
    stranger = client_of(gateway, key="AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(stranger.exceptions.AccessDeniedException):
        ask(stranger)
    with pytest.raises(client.exceptions.ValidationException) as elsewhere:
        ask(client, modelId="imposter-1", guardrailConfig={"guardrailIdentifier": "g", "guardrailVersion": "1"})
    assert "guardrailConfig" in elsewhere.value.response["Error"]["Message"]
    assert upstream.calls == []


def test_policies_rule_on_the_ids_of_models_in_paths(gateway, upstream):
    with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        made = http.post("/v1/account/keys", json={"name": "one model", "rate_limit_rpm": 2,
                                                   "policy": {"models": {"allow": ["quick"]}}})
        assert made.status_code == 201, made.text
    limited = client_of(gateway, key=made.json()["key"])
    with pytest.raises(limited.exceptions.AccessDeniedException):
        ask(limited, modelId=f"frankfurt/{MODEL}")
    assert text_of(ask(limited, modelId="quick")) == text_of(ask(limited, modelId="quick")) == "Hello, world"
    with pytest.raises(limited.exceptions.ThrottlingException):
        ask(limited, modelId="quick")
    assert len(upstream.calls) == 2


def test_a_client_that_retries_asks_as_often_as_it_would_the_provider(gateway, upstream):
    async def throttled_twice(call, link):
        if len(upstream.calls) < 3:
            await bedrock.refuse(link, 429, "ThrottlingException", "Too many requests", headers=[("retry-after", "0")])
        else:
            await link.answer(200, bedrock.message(call.json()))

    upstream.behave = throttled_twice
    answer = ask(client_of(gateway, attempts=3))
    assert text_of(answer) == "Hello, world"
    assert len(upstream.calls) == 3


def test_a_stream_that_fails_is_raised_as_its_exception(client, upstream):
    async def fail(_, link):
        await bedrock.start_stream(link)
        await bedrock.send(link, bedrock.START + bedrock.text("Hello")
                           + bedrock.exception("throttlingException", "Too many tokens"))
        await bedrock.end_stream(link)

    upstream.behave = fail
    with pytest.raises(EventStreamError) as caught:
        read(client.converse_stream(modelId=MODEL, messages=HELLO))
    assert caught.value.response["Error"] == {"Code": "throttlingException", "Message": "Too many tokens"}


@pytest.mark.parametrize("harm, told", [
    (lambda frame: frame[:-1] + bytes([frame[-1] ^ 1]), "The provider sent a stream that is damaged."),
    (lambda frame: frame[:20], "The provider broke off its answer."),
    (lambda frame: b"<html>Bad Gateway</html>", "The provider sent a stream that is damaged."),
])
def test_a_stream_that_is_damaged_or_cut_off_says_so(client, upstream, harm, told):
    async def send_harmed(_, link):
        await bedrock.start_stream(link)
        await bedrock.send(link, bedrock.START + bedrock.text("Hello") + harm(bedrock.text("world")))
        await bedrock.end_stream(link)

    upstream.behave = send_harmed
    events = []
    with pytest.raises(EventStreamError) as caught:
        for event in client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]:
            events.append(event)
    assert [next(iter(event)) for event in events] == ["messageStart", "contentBlockDelta"]
    assert caught.value.response["Error"] == {"Code": "modelStreamErrorException", "Message": told}


@pytest.mark.parametrize("minutes, told", [(20, "20 minutes ahead of"), (-20, "20 minutes behind")])
def test_clocks_that_differ_are_told_in_the_callers_dialect(client, upstream, minutes, told):
    off = datetime.timedelta(minutes=minutes)
    upstream.behave = bedrock.answering(now=lambda: datetime.datetime.now(datetime.timezone.utc) + off)
    with pytest.raises(ClientError) as caught:
        ask(client)
    error = caught.value.response["Error"]
    assert error["Code"] == "InternalServerException"
    assert "InvalidSignatureException" in error["Message"] and told in error["Message"]
    assert bedrock.TOKEN not in error["Message"]


def test_a_key_that_aws_does_not_know_is_not_the_callers_fault(client, upstream):
    upstream.behave = bedrock.answering(secrets={bedrock.KEY_ID: "another secret"})
    with pytest.raises(ClientError) as caught:
        ask(client)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert caught.value.response["Error"]["Message"].endswith("credential: InvalidSignatureException.")


def test_a_page_of_some_proxy_is_told_in_the_callers_dialect(client, upstream):
    async def page(_, link):
        await link.answer(400, b"<html>no</html>", content_type="text/html")

    upstream.behave = page
    with pytest.raises(client.exceptions.ValidationException) as caught:
        ask(client)
    assert "html" not in caught.value.response["Error"]["Message"]


def test_a_client_that_leaves_stops_the_provider(client, upstream):
    async def go_on(_, link):
        await bedrock.start_stream(link)
        while True:
            await bedrock.send(link, bedrock.text("x" * 1000))
            await asyncio.sleep(0.01)

    upstream.behave = bedrock.answering(answer=go_on)
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    next(iter(stream))
    stream.close()
    assert upstream.wait_for(1).gone.wait(20)


def test_a_team_brings_its_own_keys_of_aws(client, gateway, upstream):
    own = {"aws_access_key_id": "AKIATEAMSOWN00000000", "aws_secret_access_key": "a/teams+secret-wxyz"}
    upstream.behave = bedrock.answering(secrets={own["aws_access_key_id"]: own["aws_secret_access_key"]})
    with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        half = http.put("/v1/account/providers", json={"provider": "bedrock", "aws_access_key_id": "AKIA"})
        assert half.status_code == 400 and "aws_secret_access_key" in half.text
        put = http.put("/v1/account/providers", json={"provider": "bedrock"} | own)
        assert put.status_code == 201 and put.json()["preview"] == "AKI…wxyz", put.text
        assert own["aws_secret_access_key"] not in put.text
        try:
            assert text_of(ask(client)) == "Hello, world"
            assert f"Credential={own['aws_access_key_id']}/" in upstream.last().header("authorization")
            tested = http.post("/v1/account/providers/bedrock/test")
            assert tested.status_code == 200 and tested.json()["last_test"]["ok"], tested.text
        finally:
            assert http.delete("/v1/account/providers/bedrock").status_code == 200


def test_keys_of_aws_in_a_body_are_used_once(gateway, upstream):
    upstream.behave = bedrock.answering(secrets={"AKIAINTHEBODY": "in/the+body"})
    answer = httpx.post(f"{gateway.url}/model/quick/converse", headers={"authorization": f"Bearer {gateway.key}"}, json={
        "messages": HELLO, "aws_access_key_id": "AKIAINTHEBODY", "aws_secret_access_key": "in/the+body",
        "aws_region_name": bedrock.REGION})
    assert answer.status_code == 200, answer.text
    assert upstream.last().json() == {"messages": HELLO}
