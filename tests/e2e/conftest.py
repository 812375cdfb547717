"""What the end-to-end tests share: one gateway with room for everyone, and gateways of one's own."""
import json
import os
import pathlib
import shutil
import subprocess

import httpx
import openai
import pytest

from books import check_books
from gateway import BINARY, PLAIN_ENVIRONMENT, ROOT, Gateway
from imposter import PROVIDER_KEY, Imposter

HERE = pathlib.Path(__file__).resolve().parent
# Where scripts for Node are put, to find its packages one folder up: each of pytest's workers has its own.
NODE = ROOT / "build" / "e2e" / "node" / os.environ.get("PYTEST_XDIST_WORKER", "scripts")
ENVIRONMENT = {"IMPOSTER_API_KEY": PROVIDER_KEY}
ROOMY = """
[keys]
rate_limit_rpm = 1000000
active_max = 100000
creations_per_hour = 100000

[auth]
failed_attempts_burst = 1000000
failed_attempts_per_second = 1000000

[webhooks]
allow = "127.0.0.1"
"""


def provider(imposter: Imposter, name="imposter") -> str:
    """A [[provider]] that is the imposter."""
    return f"""
[[provider]]
name = "{name}"
base_url = "{imposter.base_url}"
api_key_env = "IMPOSTER_API_KEY"
models = ["imposter-1", "gpt-4o-mini", "near_qwen3_30b"]
"""


def pytest_configure(config):
    NODE.mkdir(exist_ok=True)
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is not built: run ./dev build release")


@pytest.fixture(autouse=True)
def every_gateway_leaves_its_books_in_order():
    """Set up before a test's own fixtures, and so ended after them."""
    Gateway.made.clear()
    yield
    last_of = {one.data_dir: one for one in Gateway.made if hasattr(one, "process")}
    for data_dir, last in last_of.items():
        if last.process.poll() is not None:
            check_books(data_dir, ended_well=last.process.returncode == 0)


@pytest.fixture(scope="session")
def the_imposter():
    imposter = Imposter()
    yield imposter
    imposter.stop()


@pytest.fixture(scope="module")
def the_claude():
    """An upstream that a module has answer as Anthropic, or as it says."""
    imposter = Imposter()
    yield imposter
    imposter.stop()


@pytest.fixture(scope="module")
def the_upstreams():
    """One of each dialect, for a module that sets up a gateway before them."""
    made = {name: Imposter() for name in ("gpt", "claude", "bedrock")}
    yield made
    for imposter in made.values():
        imposter.stop()


@pytest.fixture
def upstreams(the_upstreams):
    """Those of the module, with their memory wiped."""
    for imposter in the_upstreams.values():
        imposter.reset()
    return the_upstreams


@pytest.fixture
def imposter(the_imposter):
    """The upstream of `gateway`, with its memory wiped."""
    the_imposter.reset()
    yield the_imposter
    the_imposter.reset()


@pytest.fixture(scope="session")
def gateway(the_imposter, tmp_path_factory):
    """A gateway for all tests that leave it as they found it; its limits never bind."""
    gateway = Gateway(tmp_path_factory.mktemp("shared") / "data", ROOMY + provider(the_imposter),
                      env=ENVIRONMENT)
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    check_books(gateway.data_dir, ended_well=True)


@pytest.fixture
def start(tmp_path, imposter):
    """Starts gateways of one's own: start(config) or start(config, data_dir=…, env=…)."""
    running = []

    def start_one(config="", data_dir=None, env=None, kind=Gateway, **options):
        one = kind(data_dir or tmp_path / "data", config + provider(imposter),
                   env=ENVIRONMENT | (env or {}), **options)
        running.append(one)
        return one

    yield start_one
    for one in running:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def client(gateway):
    """The official Python client. Retries are off: a test that wants them says so."""
    with openai.OpenAI(api_key=gateway.key, base_url=gateway.base_url, max_retries=0,
                       timeout=20) as made:
        yield made


@pytest.fixture
def http(gateway):
    """httpx with the gateway's address and key."""
    with httpx.Client(base_url=gateway.url, timeout=20,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as made:
        yield made


@pytest.fixture
def new_key(http):
    """Makes a key of one's own: new_key(rate_limit_rpm=3)["key"]."""
    def make(**policy):
        answer = http.post("/v1/account/keys", json={"name": "a test's own"} | policy)
        assert answer.status_code == 201, answer.text
        return answer.json()
    return make


def run_node(script, scenario, arguments, environment):
    """What a scenario of node/`script` prints."""
    shutil.copy(HERE / "node" / script, NODE)
    done = subprocess.run(["node", NODE / script, scenario, json.dumps(arguments)],
                          env=PLAIN_ENVIRONMENT | environment, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def node(gateway):
    """Runs a scenario with OpenAI's client for Node."""
    def run(scenario, key=None, **arguments):
        return run_node("scenarios.mjs", scenario, arguments,
                        {"OPENAI_API_KEY": key or gateway.key,
                         "OPENAI_BASE_URL": gateway.base_url})

    return run


@pytest.fixture
def anthropic_node(gateway):
    """Runs a scenario with Anthropic's client for Node."""
    def run(scenario, **arguments):
        return run_node("anthropic.mjs", scenario, arguments,
                        {"ANTHROPIC_API_KEY": gateway.key, "ANTHROPIC_BASE_URL": gateway.url})

    return run


@pytest.fixture
def curl():
    """Runs curl; returns its exit code, output and complaints."""
    def run(*arguments, **options):
        return subprocess.run(["curl", "-sS", "--max-time", "30", *map(str, arguments)],
                              capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"]}, **options)
    return run
