"""The console's playground: a call as a key would make it, from a browser that has no secret."""
import asyncio
import base64

import httpx
import pytest
from playwright.sync_api import expect

from browser import Person, shot
from conftest import ENVIRONMENT, ROOMY, provider
from gateway import Gateway
from imposter import Imposter, chunk, stream_chat
from raw import until
from test_console import LOOKS, browser, make_key, meet  # noqa: F401: fixtures
from test_console_people import invite, join

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5"
                       "ErkJggg==")
# In the manner of the big list of naughty strings.
NAUGHTY = ["<script>complain('said')</script>", "<img src=x onerror=complain()>", "</div><style>*{display:none}",
           "javascript:complain()//", "{{7*7}}${7*7}", "\u202eright to left\u202c", "\ufeffZe\u200bro width",
           "Ω≈ç√∫˜µ≤", "🏳️‍🌈👩‍👩‍👧‍👦", "'; DROP TABLE keys; --", "\\u0000 %00 &lt;b&gt;", "<a href=//evil.test>x</a>"]
CALL = """async ([path, headers]) => (await fetch(path, {method: "POST", headers: {"Content-Type":
    "application/json", ...headers}, body: '{"model": "imposter-1", "messages": []}'})).json()"""


@pytest.fixture(scope="module")
def played(browser, tmp_path_factory):  # noqa: F811
    """A gateway before an imposter of its own, with an operator and a key of theirs."""
    imposter = Imposter()
    gateway = Gateway(tmp_path_factory.mktemp("playground") / "data",
                      ROOMY + provider(imposter), env=ENVIRONMENT)
    ada = Person(browser, gateway.url)
    ada.set_up(gateway)
    ada.open("/keys")
    make_key(ada, "Assistant, production")
    ada.check()
    yield gateway, imposter, ada.context.storage_state()
    gateway.stop()
    imposter.stop()


@pytest.fixture
def ada(played, meet):  # noqa: F811
    gateway, imposter, state = played
    imposter.reset()
    one = meet(gateway.url)
    one.context.add_cookies(state["cookies"])
    one.gateway, one.imposter = gateway, imposter
    one.open("/playground?model=imposter-1")
    one.heading("Playground")
    choose_key(one, "Assistant, production")
    return one


def choose_key(person, name):
    person.page.get_by_role("combobox", name="Key").click()
    person.page.get_by_role("option", name=name).click()


def say(person, text):
    person.field("Message").fill(text)
    person.button("Send").click()


def log(person, model="imposter-1"):
    return person.page.get_by_role("log", name=f"Conversation with {model}")


def rows(gateway):
    answer = httpx.get(f"{gateway.url}/v1/account/requests",
                       headers={"Authorization": f"Bearer {gateway.key}"})
    return answer.json()["data"]


def test_an_answer_streams_with_its_cost_tokens_and_time(ada):
    say(ada, "Hi there")
    expect(log(ada)).to_contain_text("Hello, world")
    expect(log(ada)).to_contain_text("7 tokens in, 3 out")
    expect(log(ada)).to_contain_text("first word")
    expect(log(ada)).to_contain_text("$0")
    sent = ada.imposter.last()
    assert sent.json()["messages"] == [{"role": "user", "content": "Hi there"}]
    assert sent.header("cookie") is None and sent.header("x-keywarden-csrf") is None
    assert "stream_options" not in sent.json() or sent.json()["stream_options"]["include_usage"]

    ada.page.get_by_role("link", name="The call").click()
    ada.heading("Call of imposter-1")
    expect(ada.page.get_by_text("/playground/chat/completions")).to_be_visible()
    expect(ada.page.get_by_role("link", name="Assistant, production")).to_be_visible()
    assert rows(ada.gateway)[0]["endpoint"].endswith("/playground/chat/completions")


def test_the_conversation_goes_on_under_a_system_prompt_and_parameters(ada):
    ada.field("System prompt").fill("Answer briefly")
    ada.page.get_by_label("Temperature").fill("0.5")
    ada.page.get_by_label("Longest answer").fill("99")
    ada.field("Further fields").fill('{"seed": 7}')
    say(ada, "One")
    expect(log(ada)).to_contain_text("tokens in")
    ada.field("Message").press_sequentially("Two")
    ada.page.keyboard.press("Enter")
    expect(log(ada)).to_contain_text("Two")
    sent = ada.imposter.wait_for(2).json()
    assert [one["content"] for one in sent["messages"]] == ["Answer briefly", "One", "Hello, world", "Two"]
    assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0.5, 99, 7)


def test_tools_are_checked_before_and_their_results_go_back(ada):
    ada.field("Tools").fill('[{"type": "function"}]')
    expect(ada.page.get_by_text("Entry 1 must be")).to_be_visible()
    ada.field("Message").fill("Weather?")
    expect(ada.button("Send")).to_be_disabled()
    ada.field("Tools").fill("")
    ada.button("Put an example in").click()
    ada.button("Send").click()
    expect(log(ada)).to_contain_text("Asks for get_weather")
    expect(log(ada)).to_contain_text('"city": "Oslo"')
    ada.field("What get_weather returns").fill("sunny")
    ada.button("Go on with this").click()
    sent = ada.imposter.wait_for(2).json()["messages"]
    assert sent[-1] == {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    assert sent[-2]["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo"}'


def test_pictures_go_along(ada):
    chosen = {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    ada.page.locator("input[type=file]").set_input_files(chosen)
    expect(ada.page.get_by_role("img", name="Picture: dot.png")).to_be_visible()
    say(ada, "What is it?")
    expect(log(ada)).to_contain_text("Hello, world")
    text, picture = ada.imposter.last().json()["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert picture["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    wrong = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hi"}
    ada.page.locator("input[type=file]").set_input_files(wrong)
    expect(ada.page.get_by_text("notes.txt is no PNG")).to_be_visible()


def test_two_models_answer_side_by_side(ada):
    ada.button("Compare two models").click()
    ada.page.get_by_role("combobox", name="Model beside it").fill("gpt-4o-mini")
    ada.page.keyboard.press("Escape")
    say(ada, "Both of you")
    for model in ("imposter-1", "gpt-4o-mini"):
        expect(log(ada, model)).to_contain_text("Hello, world")
        expect(log(ada, model)).to_contain_text("tokens in")
    assert {call.json()["model"] for call in ada.imposter.calls} == {"imposter-1", "gpt-4o-mini"}
    assert "beside=gpt-4o-mini" in ada.page.url
    assert ada.violations() == []


def test_it_is_shown_as_code_that_has_no_secret(ada):
    say(ada, "Hi")
    expect(log(ada)).to_contain_text("Hello, world")
    ada.button("View as code").click()
    for language in ("curl", "Python", "Node"):
        ada.page.get_by_role("tab", name=language).click()
        code = ada.page.get_by_label(f"The call with {language}", exact=True)
        expect(code).to_contain_text("KEYWARDEN_API_KEY")
        expect(code).to_contain_text("imposter-1")
        expect(code).to_contain_text(f"{ada.base_url}/v1")
        assert "kw_live" not in code.inner_text()


def test_stop_stops_the_provider_too(ada):
    async def endless(call, link):
        await link.start_stream()
        await link.event(chunk("The beginning"))
        await link.until_gone()

    ada.imposter.behave = endless
    say(ada, "Talk for ever")
    expect(log(ada)).to_contain_text("The beginning")
    ada.button("Stop").click()
    expect(log(ada)).to_contain_text("Stopped.")
    expect(log(ada)).to_contain_text("The beginning")
    expect(ada.button("Send")).to_be_visible()
    assert ada.imposter.last().gone.wait(15)
    until(lambda: rows(ada.gateway)[0]["client_left"], what="no row of it")


def test_a_stream_that_breaks_says_so_with_its_request(ada):
    async def breaks(call, link):
        await link.start_stream()
        await link.event(chunk("Half an ans"))
        await asyncio.sleep(0)
        link.reset()

    ada.imposter.behave = breaks
    say(ada, "Go on")
    expect(log(ada)).to_contain_text("Half an ans")
    alert = log(ada).get_by_role("alert")
    expect(alert).to_contain_text("Request ")
    ada.imposter.behave = None
    alert.get_by_role("button", name="Try again").click()
    expect(log(ada)).to_contain_text("Hello, world")
    expect(log(ada).get_by_role("alert")).to_have_count(0)


def test_a_gateway_that_dies_leaves_what_came_and_its_request(start, meet, imposter):  # noqa: F811
    async def slow(call, link):
        await link.start_stream()
        await link.event(chunk("So far"))
        await link.until_gone()

    imposter.behave = slow
    gateway = start(ROOMY)
    one = meet(gateway.url)
    one.set_up(gateway)
    one.open("/playground?model=imposter-1")
    say(one, "Hi")
    expect(log(one)).to_contain_text("So far")
    gateway.process.kill()
    expect(log(one).get_by_role("alert")).to_contain_text("broke off")
    expect(log(one).get_by_role("alert")).to_contain_text("Request ")
    expect(log(one)).to_contain_text("So far")


def test_what_a_model_says_is_shown_unchanged_and_runs_nothing(ada):
    async def naughty(call, link):
        await stream_chat(call, link, words=["\n".join(NAUGHTY)])

    ada.imposter.behave = naughty
    say(ada, NAUGHTY[0])
    expect(log(ada)).to_contain_text("tokens in")
    words = log(ada).locator("[class*=words]").evaluate("(one) => one.textContent")
    assert words == "\n".join(NAUGHTY)
    assert log(ada).locator("script, style, img, a[href*=evil]").count() == 0


def test_a_refusal_says_which_rule_and_leaves_nobody_signed_out(ada):
    ada.open("/keys")
    ada.page.get_by_role("link", name="Assistant, production").click()
    key = ada.page.url.rsplit("/", 1)[1]
    path = f"{ada.gateway.url}/v1/account/keys/{key}"
    operator = {"Authorization": f"Bearer {ada.gateway.key}"}
    httpx.patch(path, json={"policy": {"models": {"allow": ["gpt-4o-mini"]}}}, headers=operator).raise_for_status()
    ada.open(f"/playground?key={key}&model=imposter-1")
    say(ada, "Hi")
    expect(log(ada).get_by_role("alert")).to_contain_text("imposter-1")
    httpx.patch(path, json={"policy": {"models": {}}}, headers=operator).raise_for_status()
    httpx.post(f"{path}/disable", headers=operator).raise_for_status()
    log(ada).get_by_role("button", name="Try again").click()
    expect(log(ada).get_by_role("alert")).to_contain_text("disabled")
    ada.heading("Playground")
    httpx.post(f"{path}/enable", headers=operator).raise_for_status()


def test_who_may_not_is_refused(start, meet):  # noqa: F811
    gateway = start(ROOMY)
    ada = meet(gateway.url)
    ada.set_up(gateway)
    ada.open("/keys")
    make_key(ada, "Ada's own")
    ada.button("Done").click()
    ada.page.get_by_role("link", name="Ada's own").click()
    path = f"v1/account/keys/{ada.page.url.rsplit('/', 1)[1]}/playground/chat/completions"
    session = ada.context.request.get(f"{gateway.url}/auth/session").json()
    team = {"X-Keywarden-Team": session["teams"][0]["id"]}

    def code(person, headers):
        person.page.goto(gateway.url)
        answer = person.page.evaluate(CALL, [f"/{path}", headers])
        return answer.get("error", {}).get("code", answer)

    def proof(person):
        own = person.context.request.get(f"{gateway.url}/auth/session").json()
        return {"X-Keywarden-Csrf": own["csrf_token"]}

    assert code(ada, team) == "csrf_failed"
    assert code(ada, team | proof(ada))["object"] == "chat.completion"
    foreign = ada.context.request.post(f"{gateway.url}/{path}", data={}, headers=team | proof(ada) | {
        "Origin": "http://evil.test"})
    assert foreign.json()["error"]["code"] == "csrf_failed"

    for role, wanted in (("Member", "team_access_denied"), ("Viewer", "team_access_denied")):
        person = meet(gateway.url)
        join(person, invite(ada, f"{role.lower()}@example.com", role), role)
        assert code(person, team | proof(person)) == wanted
        seen = person.page.get_by_role("link", name="Playground")
        expect(seen).to_have_count(1 if role == "Member" else 0)

    operator = httpx.Client(base_url="http://gateway", transport=httpx.HTTPTransport(
        uds=str(gateway.data_dir / "keywarden.sock")))
    other = operator.post("/v1/admin/teams", json={"name": "Others"}).json()["id"]
    assert code(ada, proof(ada) | {"X-Keywarden-Team": other}) == "not_found"
    by_key = httpx.post(f"{gateway.url}/{path}", headers={"Authorization": f"Bearer {gateway.key}"},
                        json={"model": "imposter-1", "messages": []})
    assert by_key.json()["error"]["code"] == "session_required"


ANSWERS = {
    "gpt-4o-mini": """Three things to look at first:

1. Which key made the calls. Sort the keys by what they cost this month.
2. Whether a prompt has grown: tokens in, per call, over the last week.
3. Whether an app has moved to a dearer model.""",
    "near_qwen3_30b": """- Usage, by app, from Monday on: one of them will stand out.
- Its model: was it changed?
- Its requests: long prompts, or many more of them?""",
}


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_for_everybody(played, meet, look):  # noqa: F811
    gateway, imposter, state = played
    imposter.reset()

    async def helpful(call, link):
        answer = ANSWERS[call.json()["model"]]
        await link.start_stream()
        await link.event(chunk(answer))
        await link.event(chunk(finish="stop"))
        await link.event(chunk(usage={"prompt_tokens": 47, "completion_tokens": len(answer) // 4,
                                      "total_tokens": 47 + len(answer) // 4}))
        await link.end_stream()

    imposter.behave = helpful
    ada = meet(gateway.url, **LOOKS[look])
    ada.context.add_cookies(state["cookies"])
    beside = "" if "phone" in look else "&beside=near_qwen3_30b"
    ada.open(f"/playground?model=gpt-4o-mini{beside}")
    choose_key(ada, "Assistant, production")
    ada.field("System prompt").fill("You help a team to look after its spending. Answer in short lists.")
    ada.page.get_by_label("Temperature").fill("0.3")
    say(ada, "Our bill has doubled since Monday. Where do I look?")
    for model in ("gpt-4o-mini", "near_qwen3_30b")[:2 if beside else 1]:
        expect(log(ada, model)).to_contain_text("$")
    expect(ada.page.get_by_text("cost…")).to_have_count(0)
    assert ada.violations() == []
    width = ada.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    ada.page.evaluate("scrollTo(0, 0)")
    shot(ada, f"playground-{look}")
