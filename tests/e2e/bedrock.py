"""An upstream that is Bedrock's Converse: it recomputes each signature with botocore, holds each request to botocore's
model of the API, and answers in binary frames."""
import asyncio
import datetime
import email.utils
import json
import struct
import urllib.parse
import zlib

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

from imposter import Call, Imposter, Link

REGION = "eu-central-1"
KEY_ID, SECRET, TOKEN = "ASIAIMPOSTER00000000", "an/imposters+secret0000000000000000000", "an/imposters+token=="
BEARER = "ABSKaW1wb3N0ZXI="
ARN = f"arn:aws:bedrock:{REGION}:123456789012:inference-profile/eu.maker.imposter-v1:0"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
USAGE = {"inputTokens": 10, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 70,
         "cacheWriteInputTokens": 20}
CLOCK_OFF_MAX = datetime.timedelta(minutes=5)
API = botocore.session.Session().get_service_model("bedrock-runtime")


def provider(imposter: Imposter, name="bedrock", region=REGION, more="") -> str:
    """A [[provider]] that is the imposter."""
    return f"""
[[provider]]
name = "{name}"
dialect = "bedrock"
region = "{region}"
base_url = "http://127.0.0.1:{imposter.port}"
models = ["maker.imposter-v1:0", "{ARN}", {{ id = "quick", upstream = "maker.imposter-v1:0" }}]
{more}
"""


class Refused(Exception):
    def __init__(self, status: int, kind: str, message: str):
        super().__init__(message)
        self.status, self.kind = status, kind


def check_signature(call: Call, now: datetime.datetime, secrets: dict[str, str]):
    """As AWS does, from the bytes that came."""
    given = call.header("authorization") or ""
    if given == f"Bearer {BEARER}":
        return
    if not given.startswith("AWS4-HMAC-SHA256 "):
        raise Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    parts = dict(part.split("=", 1) for part in given.split(" ", 1)[1].split(", "))
    key_id, day, region, service, _ = parts["Credential"].split("/")
    date = call.header("x-amz-date")
    assert date.startswith(day)
    made = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs(now - made) > CLOCK_OFF_MAX:
        raise Refused(403, "InvalidSignatureException",
                      f"Signature expired: {date}; canonical request: {call.header('x-amz-security-token')}")
    signed = parts["SignedHeaders"].split(";")
    assert {"host", "x-amz-date", "content-type"} <= set(signed)
    assert ("x-amz-security-token" in signed) == (call.header("x-amz-security-token") is not None)
    request = AWSRequest(call.method, f"http://{call.header('host')}{call.path}", data=call.body,
                         headers={name: call.header(name) for name in signed})
    request.context["timestamp"] = date
    if key_id not in secrets:
        raise Refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    auth = SigV4Auth(Credentials(key_id, secrets[key_id]), service, region)
    canonical = auth.canonical_request(request)
    expected = auth.signature(auth.string_to_sign(request, canonical), request)
    if (service, region, parts["Signature"]) != ("bedrock", REGION, expected):
        raise Refused(403, "InvalidSignatureException", f"The signature does not match: {canonical}")


def check_shape(call: Call) -> tuple[str, str]:
    """The operation and the model; the body must be what botocore would send."""
    assert call.header("content-type") == "application/json"
    _, prefix, model, operation = call.path.split("/")
    assert prefix == "model" and urllib.parse.quote(urllib.parse.unquote(model), safe="-._~") == model
    name = {"converse": "Converse", "converse-stream": "ConverseStream"}[operation]
    asked = call.json() | {"modelId": urllib.parse.unquote(model)}
    shape = API.operation_model(name).input_shape
    unknown = set(asked) - set(shape.members)
    report = ParamValidator().validate(asked, shape)
    if unknown or report.has_errors() or not asked.get("messages"):
        raise Refused(400, "ValidationException", f"Malformed input: {unknown} {report.generate_report()}")
    return operation, asked["modelId"]


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    block = b"".join(bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
                     for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(kind: str, data: dict) -> bytes:
    return frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"},
                 json.dumps(data).encode())


def exception(kind: str, message: str) -> bytes:
    return frame({":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"},
                 json.dumps({"message": message}).encode())


def text(words: str) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": words}, "p": "abcdefghij"})


START = event("messageStart", {"role": "assistant", "p": "ab"})
METADATA = event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 12}, "p": "abc"})


async def start_stream(link: Link):
    await link.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
                    b"x-amzn-requestid: of-the-imposter\r\ntransfer-encoding: chunked\r\n\r\n")


async def send(link: Link, data: bytes, pieces=1):
    size = -(-len(data) // pieces)
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        await link.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        if pieces > 1:
            await asyncio.sleep(0)


async def end_stream(link: Link):
    await link.send(b"0\r\n\r\n")


async def refuse(link: Link, status: int, kind: str, message: str, now=None, headers=()):
    now = now or datetime.datetime.now(datetime.timezone.utc)
    await link.answer(status, {"message": message}, headers=[
        ("x-amzn-errortype", f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
        ("date", email.utils.format_datetime(now, usegmt=True)), *headers])


def message(asked: dict) -> dict:
    content = [{"text": "Hello, world"}]
    if "toolConfig" in asked:
        content = [{"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {
            "city": "Oslo", "usage": {"inputTokens": 9999}}}}]
    return {"output": {"message": {"role": "assistant", "content": content}},
            "stopReason": "tool_use" if "toolConfig" in asked else "end_turn",
            "usage": USAGE, "metrics": {"latencyMs": 12}}


async def stream_message(call: Call, link: Link):
    await start_stream(link)
    if "toolConfig" in call.json():
        frames = [event("contentBlockStart", {"contentBlockIndex": 0, "start": {
            "toolUse": {"toolUseId": "tooluse_1", "name": "get_weather"}}})]
        frames += [event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": piece}}})
                   for piece in ('{"city"', ':"Oslo"}')]
        reason = "tool_use"
    else:
        frames, reason = [text(word) for word in ("Hello", ", ", "world")], "end_turn"
    frames += [event("contentBlockStop", {"contentBlockIndex": 0}), event("messageStop", {"stopReason": reason})]
    await send(link, b"".join([START, *frames, METADATA]), pieces=40)
    await end_stream(link)


def answering(now=lambda: datetime.datetime.now(datetime.timezone.utc), secrets=None, answer=None):
    """A behaviour: `now` is its clock, `secrets` the keys it knows, `answer` what it does once all is in order."""
    async def behave(call: Call, link: Link):
        try:
            check_signature(call, now(), secrets or {KEY_ID: SECRET})
            operation, _ = check_shape(call)
        except Refused as why:
            await refuse(link, why.status, why.kind, str(why), now())
            return
        if answer:
            await answer(call, link)
        elif operation == "converse":
            await link.answer(200, message(call.json()))
        else:
            await stream_message(call, link)
    return behave
