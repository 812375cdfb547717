"""What calls cost: every call has one row, whatever becomes of it, and nothing is spent twice."""
import asyncio
import concurrent.futures
import json
import random
import threading
import time
import uuid

import httpx
import openai
import pytest

from imposter import USAGE, answer_as_openai, chunk
from money_database import MoneyDatabase

ROOMY = """
[keys]
rate_limit_rpm = 1000000
[limits]
drain_timeout = "5s"
"""
CENT = 10_000_000  # nano-dollars
PLAIN = {"model": "imposter-1", "messages": [{"role": "user", "content": "hi"}]}
PRICE = {"input": 1_000_000_000, "output": 10_000_000_000}  # $1 and $10 a million
COST = 7 * 1_000 + 3 * 10_000  # of USAGE, at PRICE


@pytest.fixture
def paid(start):
    """start_paid(price=…, mode=…): a gateway, its key, and its database."""
    def start_paid(price=None, config="", **terms):
        first = start(ROOMY + config)
        key, database = first.key, MoneyDatabase(first)
        assert first.stop() == 0
        database.set_price("imposter/imposter-1", **(price or PRICE))
        if terms:
            database.set_terms(**terms)
        gateway = start(ROOMY + config)
        gateway.key = key
        return gateway, database
    return start_paid


def headers(gateway, session=None):
    fields = {"Authorization": f"Bearer {gateway.key}"}
    return fields | ({"X-Keywarden-Session-Id": session} if session else {})


def chat(gateway, session=None, body=None, **options):
    return httpx.post(f"{gateway.base_url}/chat/completions", json=PLAIN | (body or {}), timeout=20,
                      headers=headers(gateway, session) | options)


def test_every_kind_of_call_has_one_row(paid, imposter):
    gateway, database = paid()
    answer = chat(gateway, "plain")
    assert answer.status_code == 200
    assert answer.headers["x-keywarden-cost"] == "0.000037"
    assert chat(gateway, "stream", {"stream": True}).status_code == 200
    assert httpx.post(f"{gateway.base_url}/embeddings", headers=headers(gateway, "embedded"),
                      json={"model": "imposter-1", "input": "a"}).status_code == 200
    imposter.behave = lambda call, link: link.error(500, "broken")
    assert chat(gateway, "failed").status_code == 502
    imposter.behave = None
    assert chat(gateway, "sandbox", {"model": "sandbox"}).status_code == 200
    # What is refused before it is let through has none.
    assert chat(gateway, "none", {"model": "no-such"}).status_code == 404
    assert httpx.post(f"{gateway.base_url}/chat/completions", json=PLAIN).status_code == 401
    assert chat(gateway, "not\tvisible").status_code == 400

    rows = {row["session_name"]: row for row in database.wait_for_calls(5)}
    for name in ("plain", "stream"):
        row = rows[name]
        assert (row["outcome"], row["basis"], row["cost"], row["status"]) == (
            "settled", "exact", COST, 200)
        assert (row["input"], row["output"]) == (7, 3)
        assert row["held"] >= row["cost"]
        assert row["streamed"] == (name == "stream")
    assert rows["embedded"]["cost"] == 4_000
    assert rows["embedded"]["route_name"] == "/v1/embeddings"
    failed = rows["failed"]
    assert (failed["outcome"], failed["cost"], failed["status"], failed["error_name"]) == (
        "voided", 0, 502, "upstream_error")
    assert rows["sandbox"]["outcome"] == "settled" and rows["sandbox"]["cost"] > 0
    assert database.spent() == sum(row["cost"] for row in rows.values())


def test_a_stream_that_tells_no_usage_is_counted(paid, imposter):
    async def behave(call, link):
        await link.start_stream()
        for _ in range(5):
            await link.event(chunk("word"))
        await link.end_stream()

    gateway, database = paid()
    imposter.behave = behave
    chat(gateway, body={"stream": True})
    row, = database.wait_for_calls(1)
    assert (row["basis"], row["output"]) == ("counted", 5)
    assert row["cost"] >= 50_000


def test_a_client_that_leaves_pays_for_what_was_generated(paid, imposter):
    """It is drained to its usage, so the tokens are exact."""
    gone = threading.Event()

    async def behave(call, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        while not gone.is_set():
            await asyncio.sleep(0.01)
        await link.event(chunk("world"))
        await link.event(chunk(usage=USAGE))
        await link.end_stream()

    gateway, database = paid()
    imposter.behave = behave
    with httpx.stream("POST", f"{gateway.base_url}/chat/completions", headers=headers(gateway),
                      json=PLAIN | {"stream": True}, timeout=20) as answer:
        next(answer.iter_raw())
    gone.set()
    row, = database.wait_for_calls(1)
    assert row["client_left"] and row["outcome"] == "settled"
    assert (row["basis"], row["input"], row["output"], row["cost"]) == ("exact", 7, 3, COST)


def test_a_hundred_random_cancels_leave_a_row_each_and_no_hold(paid, imposter):
    """Whatever byte a client leaves at: one row, with the provider's own count."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    gateway, database = paid()

    def leave(number):
        with httpx.stream("POST", f"{gateway.base_url}/chat/completions",
                          headers=headers(gateway, f"cancel-{number}"),
                          json=PLAIN | {"stream": True}, timeout=20) as answer:
            left = cuts[number]
            for piece in answer.iter_raw():
                left -= len(piece)
                if left <= 0:
                    break

    cuts = [dice.randrange(1, 1200) for _ in range(100)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, range(100)))
    rows = database.wait_for_calls(100)
    assert sorted(row["session_name"] for row in rows) == sorted(f"cancel-{i}" for i in range(100))
    assert {(row["basis"], row["output"], row["cost"]) for row in rows} == {("exact", 3, COST)}
    assert database.spent() == 100 * COST


@pytest.mark.parametrize("room", [1, 7, 50])
def test_two_hundred_parallel_calls_spend_exactly_what_there_is(paid, imposter, room):
    gateway, database = paid(price={"input": 0, "output": 0, "per_request": CENT},
                             mode=1, credited=room * CENT)
    with httpx.Client(base_url=gateway.url, headers=headers(gateway), timeout=30,
                      limits=httpx.Limits(max_connections=64)) as client:
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(
                lambda n: client.post("/v1/chat/completions", json=PLAIN | {"stream": n % 2 == 0}),
                range(200)))
    served = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 402]
    assert (len(served), len(refused)) == (room, 200 - room)
    assert refused[0].json()["error"]["code"] == "insufficient_credits"
    assert len(imposter.calls) == room
    assert len(database.wait_for_calls(room)) == room
    assert database.spent() == room * CENT


def test_a_used_up_budget_is_the_sdks_own_rate_limit_error_and_is_not_tried_again(paid, imposter):
    gateway, database = paid(price={"input": 0, "output": 0, "per_request": CENT})
    owner = httpx.Client(base_url=gateway.url, headers=headers(gateway), timeout=20)
    budget = owner.post("/v1/account/budgets", json={
        "name": "small", "amount_usd": "0.015", "period": "total"}).json()
    client = openai.OpenAI(api_key=gateway.key, base_url=gateway.base_url, max_retries=3)
    client.chat.completions.create(**PLAIN)
    database.wait_for_calls(1)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**PLAIN)
    error = caught.value
    assert error.status_code == 429 and error.code == "budget_exceeded"
    assert error.response.headers["x-should-retry"] == "false"
    assert int(error.response.headers["retry-after"]) >= 1
    assert error.body["denied_by"] == "team" and error.body["limit"] == "0.015", error.body
    assert len(imposter.calls) == 1
    owner.patch(f"/v1/account/budgets/{budget['id']}", json={"amount_usd": "1"})
    assert client.chat.completions.create(**PLAIN).choices[0].message.content


def test_a_call_that_fails_gives_back_what_it_held(paid, imposter):
    gateway, database = paid(price={"input": 0, "output": 0, "per_request": CENT},
                             mode=1, credited=CENT)
    imposter.behave = lambda call, link: link.error(500, "broken")
    for _ in range(3):
        assert chat(gateway).status_code == 502
    imposter.behave = None
    assert chat(gateway).status_code == 200
    assert chat(gateway).status_code == 402
    database.wait_for_calls(4)
    assert database.spent() == CENT


def test_the_provider_is_told_how_much_can_be_paid(paid, imposter):
    """The hold is a bound only if the provider keeps to it."""
    gateway, database = paid(mode=1, credited=10**9)
    assert chat(gateway).status_code == 200
    assert imposter.last().json()["max_tokens"] > 0
    assert chat(gateway, body={"max_tokens": 5}).status_code == 200
    assert imposter.last().json()["max_tokens"] == 5
    database.wait_for_calls(2)


def test_a_team_that_clamps_gets_a_shorter_answer_and_not_a_refusal(paid, imposter):
    money = 2_000_000  # $0.002: 200 tokens of output, at most
    gateway, _ = paid(mode=1, credited=money, clamps_output=1)
    assert chat(gateway, body={"max_tokens": 100_000}).status_code == 200
    asked = imposter.last().json()["max_tokens"]
    assert 16 <= asked <= 200, asked


def test_rows_and_balances_outlive_a_restart(paid, start, imposter):
    gateway, database = paid(mode=1, credited=3 * COST + 10**9)
    for _ in range(3):
        assert chat(gateway).status_code == 200
    key = gateway.key
    assert gateway.stop() == 0
    assert len(database.calls()) == 3  # a stop writes down what it has
    again = start(ROOMY)
    again.key = key
    assert chat(again).status_code == 200
    rows = database.wait_for_calls(4)
    assert database.spent() == sum(row["cost"] for row in rows) == 4 * COST


@pytest.mark.slow
def test_kill_minus_nine_loses_nothing_and_counts_nothing_twice(paid, start, imposter):
    """The imposter's own list of what reached it is the oracle."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    gateway, database = paid()
    key, answered, sent = gateway.key, {}, 0

    async def behave(call, link):
        await asyncio.sleep(dice.random() * 0.02)
        await answer_as_openai(call, link)

    imposter.behave = behave

    def call(gateway, name):
        stream, leaves = dice.random() < 0.5, dice.random() < 0.25
        body = PLAIN | {"stream": stream, "user": name}
        try:
            with httpx.stream("POST", f"{gateway.base_url}/chat/completions", json=body, timeout=20,
                              headers=headers(gateway, name)) as answer:
                if leaves:
                    next(answer.iter_raw(), None)
                    return
                answer.read()
            if answer.status_code == 200 and (not stream or "[DONE]" in answer.text):
                answered[name] = stream
        except httpx.HTTPError:
            pass

    recoveries = []
    for life in range(30):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            names = [f"life-{life}-{number}" for number in range(24)]
            sent += len(names)
            last_words = len(imposter.calls) + dice.randrange(1, 18)
            for name in names:
                pool.submit(call, gateway, name)
            imposter.wait_for(last_words)
            gateway.kill()
        gateway = start(ROOMY)
        gateway.key = key
        recoveries += [event["duration_us"] for event in gateway.events("ledger.recovered")]
    assert gateway.stop() == 0

    rows = database.calls()
    by_name = {row["session_name"]: row for row in rows}
    assert len(by_name) == len(rows), "a call has two rows"
    reached = {json.loads(call.body)["user"] for call in imposter.calls}
    assert len(reached) == len(imposter.calls), "a call was sent twice"
    for name in reached:
        row = by_name.get(name)
        assert row, f"{name} reached the provider and has no row"
        assert row["outcome"] != "voided" and 0 < row["cost"] <= max(row["held"], COST), row
    for name in answered:
        row = by_name[name]
        is_told = (row["outcome"], row["basis"], row["cost"]) == ("settled", "exact", COST)
        # It may have been killed between the answer's last byte and its row.
        assert is_told or row["outcome"] == "expired", row
    unsent = [row for row in rows if row["session_name"] not in reached]
    assert all(row["outcome"] in ("voided", "expired") for row in unsent), unsent
    assert database.spent() == sum(row["cost"] for row in rows)
    # One may meet a disk that is busy with something else.
    assert sorted(recoveries)[len(recoveries) // 2] < 1_000_000, recoveries
    print(sent, "calls,", len(reached), "reached,", len(answered), "answered,",
          sum(row["outcome"] == "expired" for row in rows), "expired")


def test_a_kill_forgets_answers_and_no_call_is_made_again(paid, start, imposter):
    """What a model wrote is on no disk, so it cannot be told again. That it was asked is in the row."""
    gateway, database = paid()
    key, retry = gateway.key, {"Idempotency-Key": "order-4711"}
    first = chat(gateway, "first", **retry)
    assert first.status_code == 200
    again = chat(gateway, "repeated", **retry)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")

    def start_again():
        after = start(ROOMY)
        after.key = key
        return after

    gateway.kill()
    gateway = start_again()
    gone = chat(gateway, "gone", **retry)
    assert (gone.status_code, gone.json()["error"]["code"]) == (409, "idempotency_answer_gone")
    assert first.headers["x-request-id"] in gone.text

    # Killed while it runs, and retried.
    killed, retry = threading.Event(), {"Idempotency-Key": "order-4712"}

    async def hang(call, link):
        while not killed.is_set():
            await asyncio.sleep(0.01)
        link.reset()

    imposter.behave = hang
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        broken = pool.submit(lambda: chat(gateway, "broken", **retry))
        imposter.wait_for(2)
        gateway.kill()
        killed.set()
        assert isinstance(broken.exception(), httpx.HTTPError)
    imposter.behave = None
    gateway = start_again()
    retried = chat(gateway, "retried", **retry)
    assert retried.status_code == 409

    rows = {row["session_name"]: row for row in database.wait_for_calls(2)}
    assert rows["first"]["cost"] == COST
    assert (rows["broken"]["outcome"], rows["broken"]["cost"]) == ("expired", rows["broken"]["held"])
    assert len(rows) == len(imposter.calls) == 2
    assert str(uuid.UUID(bytes=rows["broken"]["id"])) in retried.text
    assert "order-471" not in "".join(call.header("idempotency-key") for call in imposter.calls)


def test_no_byte_of_one_call_reaches_another(paid, imposter):
    """Each stream echoes a nonce of its own; a third of the clients leave in the middle."""
    streams, events = 120, 100

    async def behave(call, link):
        nonce = call.json()["user"]
        await link.start_stream()
        for number in range(events):
            await link.event(chunk(f"{nonce}:{number} "))
            if number % 20 == 0:
                await asyncio.sleep(0)
        await link.event(chunk(usage=USAGE))
        await link.end_stream()

    gateway, database = paid()
    imposter.behave = behave

    def read(number):
        nonce = f"nonce-{number:04}"
        leaves_after = 30 if number % 3 == 0 else events
        with httpx.stream("POST", f"{gateway.base_url}/chat/completions",
                          headers=headers(gateway, nonce), timeout=30,
                          json=PLAIN | {"stream": True, "user": nonce}) as answer:
            seen = 0
            for line in answer.iter_lines():
                if '"content"' not in line:
                    continue
                said = json.loads(line[6:])["choices"][0]["delta"]["content"]
                assert said == f"{nonce}:{seen} ", (said, nonce, seen)
                seen += 1
                if seen == leaves_after:
                    break
        return seen

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(read, range(streams)))
    assert sum(seen) == 80 * events + 40 * 30
    rows = database.wait_for_calls(streams)
    assert len({row["session_name"] for row in rows}) == streams
    assert {row["cost"] for row in rows} == {COST}


def test_holds_can_be_made_to_survive_the_machine(paid, imposter):
    gateway, database = paid(config='[ledger]\ndurability = "power"\n')
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: chat(gateway), range(40)))
    assert [answer.status_code for answer in answers] == [200] * 40
    database.wait_for_calls(40)
    assert database.spent() == 40 * COST


def test_tokens_that_cost_nothing_are_told_of(start, imposter):
    gateway = start(ROOMY)
    assert chat(gateway).status_code == 200
    database = MoneyDatabase(gateway)
    row, = database.wait_for_calls(1)
    assert (row["priced"], row["cost"], row["output"]) == (0, 0, 3)
    until = time.monotonic() + 10
    while not (events := database.ask("SELECT * FROM usage_events")) and time.monotonic() < until:
        time.sleep(0.05)
    assert [(event["kind"], event["target"]) for event in events] == [
        ("usage.unpriced", "imposter/imposter-1")]
