"""TLS: what a public gateway speaks, and a certificate that is renewed while it runs."""
import re
import signal
import socket
import ssl
import subprocess

import httpx
import openai
import pytest

from gateway import Gateway
from imposter import PROVIDER_KEY, Imposter
from raw import until


class TlsGateway(Gateway):
    scheme = "https"


def certificate(folder, serial, names="DNS:localhost,IP:127.0.0.1"):
    """A self-signed certificate, as (certificate, key)."""
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", f"subjectAltName={names}", "-set_serial",
                    str(serial), "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


def config(files) -> str:
    return f'[tls]\ncertificate = "{files[0]}"\nkey = "{files[1]}"\n'


@pytest.fixture
def files(tmp_path):
    return certificate(tmp_path, 1)


@pytest.fixture
def trusting(files):
    return ssl.create_default_context(cafile=files[0])


def shake_hands(gateway, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    raw = socket.create_connection((gateway.host, gateway.port), 10)
    return context.wrap_socket(raw, server_hostname="localhost")


def serial(connection) -> int:
    der = connection.getpeercert(binary_form=True)
    shown = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=der,
                           capture_output=True, check=True).stdout
    return int(re.search(rb"serial=(\w+)", shown)[1], 16)


def test_sdks_stream_over_tls(start, files, trusting):
    one = start(config(files), kind=TlsGateway)
    with openai.OpenAI(api_key=one.key, base_url=one.base_url, max_retries=0,
                       http_client=httpx.Client(verify=trusting)) as client:
        chunks = client.chat.completions.create(
            model="imposter-1", messages=[{"role": "user", "content": "hi"}], stream=True)
        assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Hello, world"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(start, files):
    one = start(config(files), kind=TlsGateway)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with shake_hands(one, version) as connection:
            assert connection.version() == version.name.replace("TLSv1_", "TLSv1.")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(one, ssl.TLSVersion.TLSv1_1)


def test_plain_http_to_a_tls_port_gets_nowhere(start, files):
    one = start(config(files), kind=TlsGateway)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{one.address}/health")


def test_sighup_brings_a_renewed_certificate_and_drops_no_connection(start, files, tmp_path):
    one = start(config(files), kind=TlsGateway)
    old = shake_hands(one)
    assert serial(old) == 1
    certificate(tmp_path, 2)
    one.signal(signal.SIGHUP)

    def is_renewed():
        with shake_hands(one) as fresh:
            return serial(fresh) == 2

    until(is_renewed)
    old.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert old.recv(4096).startswith(b"HTTP/1.1 200 ")
    old.close()

    files[0].write_text("this is no certificate")
    one.signal(signal.SIGHUP)
    until(lambda: "certificate" in one.logged().splitlines()[-1], what=one.logged())
    with shake_hands(one) as still:
        assert serial(still) == 2


def test_a_certificate_that_does_not_fit_its_key_stops_the_start(tmp_path, files):
    other = tmp_path / "other"
    other.mkdir()
    mixed = files[0], certificate(other, 3)[1]
    with pytest.raises(AssertionError, match="(?s)exit [12].*key.pem"):
        Gateway(tmp_path / "data", config(mixed))


@pytest.fixture
def secure_imposter(tmp_path):
    """Makes an upstream that speaks TLS, and the file with the authority that vouches for it."""
    made = []

    def make(**options):
        folder = tmp_path / "upstream"
        folder.mkdir()
        files = certificate(folder, 7, **options)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        made.append(Imposter(context))
        return made[-1], f'[upstream]\nca_file = "{files[0]}"\n'

    yield make
    for imposter in made:
        imposter.stop()


def ask_securely(start, imposter, trust=""):
    one = start(f"""{trust}
[[provider]]
name = "secure"
base_url = "{imposter.base_url}"
api_key_env = "IMPOSTER_API_KEY"
models = ["secure-1"]
""")
    return httpx.post(f"{one.base_url}/chat/completions", timeout=20,
                      json={"model": "secure-1", "messages": []},
                      headers={"Authorization": f"Bearer {one.key}"})


def test_a_provider_whose_certificate_nobody_vouches_for_gets_nothing(start, secure_imposter):
    imposter, _ = secure_imposter()
    assert ask_securely(start, imposter).status_code == 502
    assert imposter.calls == []


def test_a_provider_with_another_ones_certificate_gets_nothing(start, secure_imposter):
    imposter, trust = secure_imposter(names="DNS:other.example")
    assert ask_securely(start, imposter, trust).status_code == 502
    assert imposter.calls == []


def test_a_provider_is_reached_over_tls(start, secure_imposter):
    imposter, trust = secure_imposter()
    answer = ask_securely(start, imposter, trust)
    assert answer.status_code == 200, answer.text
    assert imposter.last().header("authorization") == f"Bearer {PROVIDER_KEY}"
