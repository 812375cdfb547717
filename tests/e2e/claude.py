"""An upstream that speaks Anthropic's dialect, and refuses what its API would refuse."""
import json

from imposter import Call, Imposter, Link

VERSIONS = ("2023-06-01", "2026-10-21")  # of the documents, and of the SDKs
CLAUDE_KEY = "sk-ant-imposter-0000000000000000000000000"
USAGE = {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 70,
         "output_tokens": 7}
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}


def provider(imposter: Imposter) -> str:
    """A [[provider]] that is the imposter."""
    return f"""
[[provider]]
name = "claude"
dialect = "anthropic"
base_url = "http://127.0.0.1:{imposter.port}"
api_key_env = "CLAUDE_API_KEY"
models = ["claude-imposter-1", {{ id = "quick", upstream = "claude-imposter-1" }}]
"""


def message(asked: dict) -> dict:
    text = {"type": "text", "text": "Hello, world"}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"],
            "content": [TOOL] if asked.get("tools") else [text],
            "stop_reason": "tool_use" if asked.get("tools") else "end_turn",
            "stop_sequence": None, "usage": USAGE}


async def error(link: Link, status: int, kind: str, headers=()):
    await link.answer(status, {"type": "error", "request_id": "req_of_the_imposter", "error": {
        "type": kind, "message": f"the imposter says {kind}"}}, headers=headers)


async def event(link: Link, data: dict):
    frame = f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()
    await link.send(b"%x\r\n%s\r\n" % (len(frame), frame))
    link.call.chunks_sent += 1


def opening(asked: dict) -> dict:
    start = message(asked) | {"content": [], "stop_reason": None,
                              "usage": USAGE | {"output_tokens": 1}}
    return {"type": "message_start", "message": start}


def delta(text: str) -> dict:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


async def stream_message(call: Call, link: Link):
    asked = call.json()
    await link.start_stream()
    await event(link, opening(asked))
    await event(link, {"type": "ping"})
    if asked.get("tools"):
        block = TOOL | {"input": {}}
        deltas = [{"type": "content_block_delta", "index": 0,
                   "delta": {"type": "input_json_delta", "partial_json": piece}}
                  for piece in ('{"city"', ':"Oslo"}')]
    else:
        block = {"type": "text", "text": ""}
        deltas = [delta(word) for word in ("Hello", ", ", "world")]
    await event(link, {"type": "content_block_start", "index": 0, "content_block": block})
    for one in deltas:
        await event(link, one)
    await event(link, {"type": "content_block_stop", "index": 0})
    reason = "tool_use" if asked.get("tools") else "end_turn"
    await event(link, {"type": "message_delta", "usage": {"output_tokens": 7},
                       "delta": {"stop_reason": reason, "stop_sequence": None}})
    await event(link, {"type": "message_stop"})
    await link.send(b"0\r\n\r\n")


async def answer_as_anthropic(call: Call, link: Link):
    asked = call.json()
    path, _, query = call.path.partition("?")
    if call.header("x-api-key") != CLAUDE_KEY or call.header("authorization"):
        await error(link, 401, "authentication_error")
    elif call.header("anthropic-version") not in VERSIONS or query not in ("", "beta=true"):
        await error(link, 400, "invalid_request_error")
    elif path == "/v1/messages/count_tokens":
        await link.answer(200, {"input_tokens": 14})
    elif path != "/v1/messages":
        await error(link, 404, "not_found_error")
    elif "max_tokens" not in asked:
        await error(link, 400, "invalid_request_error")
    elif asked.get("stream"):
        await stream_message(call, link)
    else:
        await link.answer(200, message(asked))
