"""Real answers of a running gateway are what openapi.json says they are.

Against $KEYWARDEN_BASE_URL with $KEYWARDEN_API_KEY (a key of kind `full`) where these are set; else
against the gateway that conftest.py starts.
"""
import copy
import json
import os
import uuid

import httpx
import jsonschema
import pytest

MODEL = os.environ.get("KEYWARDEN_TEST_MODEL", "sandbox")
NO_KEY_NEEDED = ["/health", "/ready", "/openapi.json", "/docs", "/docs/errors", "/v1/key-formats"]


@pytest.fixture(scope="module")
def target(request):
    if "KEYWARDEN_BASE_URL" in os.environ:
        return os.environ["KEYWARDEN_BASE_URL"], os.environ["KEYWARDEN_API_KEY"]
    gateway = request.getfixturevalue("gateway")
    return gateway.url, gateway.key


@pytest.fixture(scope="module")
def client(target):
    base_url, api_key = target
    with httpx.Client(base_url=base_url, timeout=30,
                      headers={"Authorization": f"Bearer {api_key}"}) as client:
        yield client


@pytest.fixture(scope="module")
def spec(client):
    return client.get("/openapi.json").json()


def resolve(spec, node):
    while "$ref" in node:
        found = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def literals(pattern):
    return sum(not part.startswith("{") for part in pattern.split("/"))


def operation_of(spec, method, path):
    """The operation that a path means: {names} match one segment, or more at the end."""
    best = None
    for pattern, item in spec["paths"].items():
        want, have = pattern.split("/"), path.split("/")
        if want[-1].startswith("{"):
            have = have[:len(want) - 1] + ["/".join(have[len(want) - 1:])]
        if len(want) != len(have) or method.lower() not in item:
            continue
        if all(w == h or (w.startswith("{") and h) for w, h in zip(want, have)):
            if best is None or literals(pattern) > literals(best):
                best = pattern
    assert best, f"{method} {path} is not in openapi.json"
    return spec["paths"][best][method.lower()]


def answer_of(spec, operation, status):
    responses = operation["responses"]
    for name in (str(status), f"{status // 100}XX", "default"):
        if name in responses:
            return resolve(spec, responses[name])
    raise AssertionError(f"{operation['operationId']} does not say that it may answer {status}")


def media_of(answer, kind):
    for name, media in answer.get("content", {}).items():
        if name == kind or (name.endswith("/*") and kind.startswith(name[:-1])):
            return media
    raise AssertionError(f"{kind} is not among {list(answer.get('content', {}))}")


OURS = ("/v1/key", "/v1/account", "/health", "/ready")


def closed(spec):
    """The components, with no room for a property that our own objects do not name.

    Parts of an allOf stay open, for only the whole knows all the names: whoever uses one closes it.
    """
    out = copy.deepcopy(spec["components"])
    for name in ("KeySecret", "Team", "Limit", "KeyFormat", "ToolList", "CallingOperator"):
        out["schemas"][name]["unevaluatedProperties"] = False
    out["schemas"]["ApiKeyList"]["properties"]["data"]["items"]["unevaluatedProperties"] = False
    return out


def check(spec, response):
    """Holds an answer to the contract: its status, headers, content type, and body."""
    request = response.request
    operation = operation_of(spec, request.method, request.url.path)
    answer = answer_of(spec, operation, response.status_code)
    for name, header in answer.get("headers", {}).items():
        header = resolve(spec, header)
        if name in response.headers:
            jsonschema.validate(response.headers[name], header["schema"])
        else:
            assert not header.get("required"), f"{name} is missing"
    kind = response.headers.get("content-type", "").split(";")[0].strip()
    media = media_of(answer, kind)
    if kind.endswith("json"):
        schema = {**media["schema"], "components": closed(spec)}
        if response.is_success and request.url.path.startswith(OURS):
            schema["unevaluatedProperties"] = False
        jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        ).validate(response.json())
    return response


def make_key(client, **fields):
    response = client.post("/v1/keys", json={"name": "openapi test", **fields})
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture
def key(client):
    made = make_key(client)
    yield made
    client.delete(f"/v1/keys/{made['id']}")


def test_it_is_valid_openapi_json(spec):
    assert spec["openapi"].startswith("3.1.")
    for name, schema in spec["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            assert operation["responses"] and operation["summary"], f"{method} {path}"
            named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
            listed = [resolve(spec, one) for one in
                      item.get("parameters", []) + operation.get("parameters", [])]
            assert named == {one["name"] for one in listed if one["in"] == "path"}, path


def test_its_examples_fit_its_schemas(spec):
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters" or "requestBody" not in operation:
                continue
            for media in operation["requestBody"]["content"].values():
                examples = [one["value"] for one in media.get("examples", {}).values()]
                examples += [media["example"]] if "example" in media else []
                for example in examples:
                    jsonschema.Draft202012Validator(
                        {**media["schema"], "components": spec["components"]}).validate(example)


@pytest.mark.parametrize("path", NO_KEY_NEEDED)
def test_public_routes_need_no_key(client, spec, path):
    with httpx.Client(base_url=client.base_url) as stranger:
        assert check(spec, stranger.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/key", "/v1/keys", "/v1/account/keys", "/v1/models"])
def test_other_routes_need_one(client, spec, path):
    with httpx.Client(base_url=client.base_url) as stranger:
        assert check(spec, stranger.get(path)).status_code == 401


@pytest.mark.parametrize("family", ["/v1/keys", "/v1/account/keys"])
def test_the_life_of_a_key(client, spec, family):
    created = check(spec, client.post(family, json={"name": "life", "tags": ["a"],
                                                    "metadata": {"n": "v"}}))
    assert created.status_code == 201
    assert created.headers["cache-control"] == "no-store"
    one = f"{family}/{created.json()['id']}"
    read = check(spec, client.get(one))
    assert "key" not in read.json()
    check(spec, client.get(family, params={"limit": 1}))
    changed = check(spec, client.patch(one, json={"rate_limit_rpm": 5},
                                       headers={"If-Match": read.headers["etag"]}))
    assert changed.json()["rate_limit_rpm"] == 5
    late = check(spec, client.patch(one, json={"name": "x"},
                                    headers={"If-Match": read.headers["etag"]}))
    assert late.status_code == 412
    check(spec, client.put(f"{one}/toollist", json={"allowed": ["a"], "denied": None}))
    assert check(spec, client.post(f"{one}/rotate", json={"grace": "1h"})).json()["key"]
    assert check(spec, client.post(f"{one}/disable")).json()["status"] == "disabled"
    assert check(spec, client.post(f"{one}/enable")).json()["status"] == "active"
    assert check(spec, client.delete(one)).json()["status"] == "revoked"
    assert check(spec, client.delete(one)).status_code == 200
    assert check(spec, client.post(f"{one}/enable")).status_code == 400


def test_creation_is_idempotent(client, spec):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = check(spec, client.post("/v1/keys", json={"name": "once"}, headers=headers))
    again = check(spec, client.post("/v1/keys", json={"name": "once"}, headers=headers))
    assert again.json() == {**first.json(), "key": None}
    assert again.headers["idempotent-replayed"] == "true"
    other = check(spec, client.post("/v1/keys", json={"name": "twice"}, headers=headers))
    assert other.status_code == 422
    client.delete(f"/v1/keys/{first.json()['id']}")


@pytest.mark.parametrize("content, kind, status", [
    (b'{"name": "a", "nmae": "b"}', "application/json", 400),
    (b'{"name": 7}', "application/json", 400),
    (b'{"name": "a"', "application/json", 400),
    (b'{"name": "a", "name": "b"}', "application/json", 400),
    (b'{"name": "a", "expires_at": "2001-01-01T00:00:00Z"}', "application/json", 400),
    (b"name=a", "application/x-www-form-urlencoded", 415),
])
def test_wrong_bodies_are_refused_as_the_contract_says(client, spec, content, kind, status):
    refused = check(spec, client.post("/v1/keys", content=content, headers={"Content-Type": kind}))
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] in refused.json()["type"]


def test_what_is_not_there(client, spec):
    assert check(spec, client.get("/v1/keys/key_none")).status_code == 404
    assert check(spec, client.get("/v1/models/no-such-model")).status_code == 404
    assert check(spec, client.get("/v1/keys", params={"limt": 1})).status_code == 400


def test_an_inference_key_manages_nothing(client, spec):
    made = make_key(client, kind="inference")
    with httpx.Client(base_url=client.base_url,
                      headers={"Authorization": f"Bearer {made['key']}"}) as caller:
        assert check(spec, caller.get("/v1/key")).json()["permissions"] == ["key.self", "inference"]
        assert check(spec, caller.get("/v1/keys")).status_code == 403
        assert check(spec, caller.post("/v1/keys", json={"name": "a"})).status_code == 403
    client.delete(f"/v1/keys/{made['id']}")


def test_the_calling_key(client, spec):
    mine = check(spec, client.get("/v1/key")).json()
    assert mine["limits"][0]["name"] == "requests_per_minute"


RELAYED = [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}]}),
    ("/v1/completions", {"prompt": "Once", "max_tokens": 4}),
    ("/v1/responses", {"input": "Hello"}),
    ("/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}),
    ("/v1/messages/count_tokens", {"messages": [{"role": "user", "content": "Hello"}]}),
    ("/v1/embeddings", {"input": ["a", "b"]}),
    ("/v1/moderations", {"input": "Hello"}),
    ("/v1/rerank", {"query": "fruit", "documents": ["apple", "car"]}),
    ("/v1/images/generations", {"prompt": "A lighthouse"}),
    ("/v1/audio/speech", {"input": "Hello", "voice": "alloy"}),
]


@pytest.mark.parametrize("path, body", RELAYED, ids=[path for path, _ in RELAYED])
def test_relayed_answers(client, spec, path, body):
    assert check(spec, client.post(path, json={"model": MODEL, **body})).status_code == 200


@pytest.mark.parametrize("path, body", RELAYED, ids=[path for path, _ in RELAYED])
def test_an_unknown_model_is_told_in_the_shape_of_the_route(client, spec, path, body):
    refused = check(spec, client.post(path, json={"model": "no-such-model", **body}))
    assert refused.status_code == 404
    error = refused.json()["error"]
    if path.startswith("/v1/messages"):
        assert (error["type"], error["details"]["error_code"]) == (
            "not_found_error", "model_not_found")
    else:
        assert error["code"] == "model_not_found"


@pytest.mark.parametrize("operation, kind", [
    ("converse", "application/json"), ("converse-stream", "application/vnd.amazon.eventstream")])
def test_bedrocks_routes(client, spec, operation, kind):
    body = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    answer = check(spec, client.post(f"/model/{MODEL}/{operation}", json=body))
    assert answer.status_code == 200 and answer.headers["content-type"] == kind
    refused = check(spec, client.post(f"/model/no-such-model/{operation}", json=body))
    assert refused.status_code == 404
    assert refused.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert refused.json()["error_code"] == "model_not_found"


MULTIPART = ["/v1/images/edits", "/v1/images/variations", "/v1/audio/transcriptions",
             "/v1/audio/translations"]


@pytest.mark.parametrize("path", MULTIPART)
def test_relayed_forms(client, spec, path):
    field = "image" if "images" in path else "file"
    response = client.post(path, data={"model": MODEL, "prompt": "p"},
                           files={field: ("a.bin", b"\x00\x01", "application/octet-stream")})
    assert check(spec, response).status_code == 200


@pytest.mark.parametrize("path, body", RELAYED[:4], ids=[path for path, _ in RELAYED[:4]])
def test_streams(client, spec, path, body):
    with client.stream("POST", path, json={"model": MODEL, "stream": True, **body}) as response:
        response.read()
        check(spec, response)
        assert response.headers["content-type"].startswith("text/event-stream")
    chunk = spec["components"]["schemas"]["ChatCompletionChunk"]
    for line in response.text.splitlines():
        if path == "/v1/chat/completions" and line.startswith("data: {"):
            jsonschema.Draft202012Validator(
                {**chunk, "components": spec["components"]}).validate(json.loads(line[6:]))


def test_models(client, spec):
    listed = check(spec, client.get("/v1/models")).json()["data"]
    assert MODEL in [model["id"] for model in listed]
    for model in listed[:5]:
        assert check(spec, client.get(f"/v1/models/{model['id']}")).json()["id"] == model["id"]
