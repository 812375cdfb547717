"""An upstream that we control: it speaks OpenAI's dialect, keeps what reached it, and misbehaves on demand.

Raw sockets, so that a test sees the very bytes that the gateway sent. Runs in a thread of its own.
"""
import asyncio
import base64
import hashlib
import json
import struct
import threading
from dataclasses import dataclass, field

BODY_KEPT_MAX = 1 << 20  # longer bodies are only hashed and counted
HEAD_BYTES_MAX = 64 << 10
PROVIDER_KEY = "sk-imposter-0000000000000000000000000000"


@dataclass
class Call:
    """One request as it arrived, and what became of it."""

    head: bytes
    body: bytes = b""  # empty where it was longer than BODY_KEPT_MAX
    length: int = 0
    sha256: str = ""
    connection: int = 0
    answered: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)  # the peer left before the end
    chunks_sent: int = 0

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.split(":", 1) for line in lines if line)
        return [(name.lower(), value.strip()) for name, value in pairs]

    def header(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} arrived {len(values)} times"
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def json(self):
        return json.loads(self.body)


class Imposter:
    """`behave` is replaced by a test: `async def behave(call, link)`. None: answer as OpenAI would."""

    def __init__(self, tls=None):
        self.tls = tls  # an ssl.SSLContext, to speak TLS
        self.calls: list[Call] = []
        self.behave = None
        self.arrived = threading.Condition()
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(10)

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def reset(self):
        with self.arrived:
            self.calls.clear()
        self.behave = None

    def last(self) -> Call:
        return self.calls[-1]

    def wait_for(self, count: int, timeout: float = 10) -> Call:
        """The call that makes it `count`, once it is there."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.calls) >= count, timeout), "no call came"
            return self.calls[count - 1]

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES_MAX, backlog=1024,
                                 ssl=self.tls))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        connections = asyncio.all_tasks(self._loop)
        for connection in connections:
            connection.cancel()
        self._loop.run_until_complete(asyncio.gather(*connections, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        link = Link(reader, writer, self.connections)
        try:
            while not writer.is_closing():
                call = await link.read_call(self._arrived)
                if call is None:
                    break
                link.call = call
                await (self.behave or answer_as_openai)(call, link)
                call.answered.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            if link.call:
                link.call.gone.set()
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()

    def _arrived(self, call):
        with self.arrived:
            self.calls.append(call)
            self.arrived.notify_all()


class Link:
    """One connection of a caller."""

    def __init__(self, reader, writer, number):
        self.reader, self.writer, self.number = reader, writer, number
        self.call: Call | None = None

    async def read_call(self, arrived) -> Call | None:
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            assert not end.partial, f"half a head: {end.partial!r}"
            return None
        call = Call(head[:-4], connection=self.number)
        digest, kept = hashlib.sha256(), bytearray()
        async for piece in self._pieces(call):
            digest.update(piece)
            call.length += len(piece)
            if call.length <= BODY_KEPT_MAX:
                kept += piece
        call.sha256 = digest.hexdigest()
        call.body = bytes(kept) if call.length <= BODY_KEPT_MAX else b""
        arrived(call)
        return call

    async def _pieces(self, call):
        if (call.header("transfer-encoding") or "").lower() == "chunked":
            assert call.header("content-length") is None
            while True:
                size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
                if size:
                    yield await self.reader.readexactly(size)
                assert await self.reader.readexactly(2) == b"\r\n"
                if size == 0:
                    return
        left = int(call.header("content-length") or 0)
        while left:
            piece = await self.reader.read(min(left, 1 << 16))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            yield piece

    async def send(self, data: bytes):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes | dict, content_type="application/json",
                     headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {content_type}",
                 f"content-length: {len(body)}", "x-request-id: req_of_the_imposter",
                 *(f"{name}: {value}" for name, value in headers)]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def error(self, status: int, code: str, headers=()):
        await self.answer(status, {"error": {
            "message": f"the imposter says {code}", "type": "imposter_error", "param": None,
            "code": code}}, headers=headers)

    async def start_stream(self):
        await self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                        b"transfer-encoding: chunked\r\n\r\n")

    async def event(self, data: dict | str):
        text = data if isinstance(data, str) else json.dumps(data)
        frame = f"data: {text}\n\n".encode()
        await self.send(b"%x\r\n%s\r\n" % (len(frame), frame))
        self.call.chunks_sent += 1

    async def end_stream(self):
        await self.event("[DONE]")
        await self.send(b"0\r\n\r\n")

    async def until_gone(self, timeout: float = 20):
        """Waits for the caller to hang up."""
        try:
            assert await asyncio.wait_for(self.reader.read(1), timeout) == b""
        except ConnectionError:
            pass
        self.call.gone.set()
        self.writer.close()

    def reset(self):
        """Ends the connection as a crashed process would."""
        self.writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER
        self.writer.transport.abort()


def chunk(content=None, finish=None, usage=None, tool_calls=None, model="imposter-1") -> dict:
    """One chat.completion.chunk."""
    delta = {}
    if content is not None:
        delta["content"] = content
    if tool_calls is not None:
        delta["tool_calls"] = tool_calls
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    out = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
           "choices": choices}
    return out | ({"usage": usage} if usage else {})


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
VECTOR = [0.5, -0.25, 0.125]


async def stream_chat(call: Call, link: Link, words=("Hello", ", ", "world")):
    asked = call.json()
    await link.start_stream()
    first = chunk("")
    first["choices"][0]["delta"]["role"] = "assistant"
    await link.event(first)
    if asked.get("tools"):
        name = asked["tools"][0]["function"]["name"]
        await link.event(chunk(tool_calls=[{"index": 0, "id": "call_1", "type": "function",
                                            "function": {"name": name, "arguments": ""}}]))
        for piece in ('{"city"', ':"Oslo"}'):
            await link.event(chunk(tool_calls=[{"index": 0, "function": {"arguments": piece}}]))
        await link.event(chunk(finish="tool_calls"))
    else:
        for word in words:
            await link.event(chunk(word))
        await link.event(chunk(finish="stop"))
    if (asked.get("stream_options") or {}).get("include_usage"):
        await link.event(chunk(usage=USAGE))
    await link.end_stream()


async def answer_chat(call: Call, link: Link):
    asked = call.json()
    if asked.get("stream"):
        await stream_chat(call, link)
        return
    message = {"role": "assistant", "content": "Hello, world"}
    finish = "stop"
    if asked.get("tools"):
        name = asked["tools"][0]["function"]["name"]
        message = {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function",
             "function": {"name": name, "arguments": '{"city":"Oslo"}'}}]}
        finish = "tool_calls"
    await link.answer(200, {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": USAGE})


async def answer_completion(call: Call, link: Link):
    await link.answer(200, {
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": call.json()["model"],
        "choices": [{"index": 0, "text": " there", "finish_reason": "stop", "logprobs": None}],
        "usage": USAGE})


async def answer_embeddings(call: Call, link: Link):
    asked = call.json()
    vector = VECTOR
    if asked.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
    many = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    await link.answer(200, {
        "object": "list", "model": asked["model"],
        "data": [{"object": "embedding", "index": i, "embedding": vector}
                 for i in range(len(many))],
        "usage": {"prompt_tokens": 4, "total_tokens": 4}})


async def answer_responses(call: Call, link: Link):
    asked = call.json()
    done = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed",
            "model": asked["model"], "parallel_tool_calls": True, "tool_choice": "auto",
            "tools": [], "error": None, "incomplete_details": None, "instructions": None,
            "metadata": {},
            "output": [{"type": "message", "id": "msg_1", "status": "completed",
                        "role": "assistant", "content": [
                            {"type": "output_text", "text": "Hello, world", "annotations": []}]}],
            "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10,
                      "input_tokens_details": {"cached_tokens": 0},
                      "output_tokens_details": {"reasoning_tokens": 0}}}
    if not asked.get("stream"):
        await link.answer(200, done)
        return
    await link.start_stream()
    events = [{"type": "response.created", "sequence_number": 0,
               "response": done | {"status": "in_progress", "output": [], "usage": None}}]
    for number, piece in enumerate(("Hello", ", ", "world"), 1):
        events.append({"type": "response.output_text.delta", "sequence_number": number,
                       "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": piece,
                       "logprobs": []})
    events.append({"type": "response.completed", "sequence_number": 4, "response": done})
    for event in events:
        frame = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        await link.send(b"%x\r\n%s\r\n" % (len(frame), frame))
    await link.send(b"0\r\n\r\n")


async def answer_moderations(call: Call, link: Link):
    await link.answer(200, {"id": "modr-1", "model": "imposter-1", "results": [
        {"flagged": False, "categories": {}, "category_scores": {},
         "category_applied_input_types": {}}]})


async def answer_rerank(call: Call, link: Link):
    await link.answer(200, {"id": "rerank-1", "results": [
        {"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]})


async def answer_images(call: Call, link: Link):
    await link.answer(200, {"created": 1, "data": [{"b64_json": "aW1hZ2U="}]})


async def answer_transcription(call: Call, link: Link):
    await link.answer(200, {"text": f"heard {call.length} bytes"})


SPEECH = bytes(range(256)) * 64


async def answer_speech(call: Call, link: Link):
    await link.answer(200, SPEECH, content_type="audio/mpeg")


ANSWERS = {
    "/v1/chat/completions": answer_chat,
    "/v1/completions": answer_completion,
    "/v1/embeddings": answer_embeddings,
    "/v1/responses": answer_responses,
    "/v1/moderations": answer_moderations,
    "/v1/rerank": answer_rerank,
    "/v1/images/generations": answer_images,
    "/v1/images/edits": answer_images,
    "/v1/images/variations": answer_images,
    "/v1/audio/transcriptions": answer_transcription,
    "/v1/audio/translations": answer_transcription,
    "/v1/audio/speech": answer_speech,
}


async def answer_as_openai(call: Call, link: Link):
    if call.header("authorization") != f"Bearer {PROVIDER_KEY}":
        await link.error(401, "invalid_api_key")
        return
    answer = ANSWERS.get(call.path)
    if answer is None:
        await link.error(404, "unknown_url")
        return
    await answer(call, link)
