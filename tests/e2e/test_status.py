"""The public status page, and the incidents that an operator tells of."""
import httpx
from playwright.sync_api import expect

from test_console import browser, meet  # noqa: F401: fixtures
from test_console_people import ada  # noqa: F401: fixtures


def seen(url):
    answer = httpx.get(f"{url}/status")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"
    return answer.json()


def test_an_incident_is_told_of_and_everybody_can_read_it(ada):  # noqa: F811
    assert seen(ada.base_url)["status"] == "operational"
    ada.open("/operations")
    ada.button("Tell of an incident").click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Slow answers <b>")
    dialog.get_by_label("Message").fill("We are looking into it.")
    ada.check()
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    expect(ada.page.get_by_role("row").filter(has_text="Slow answers <b>")).to_contain_text("Investigating")
    assert seen(ada.base_url)["incidents"][0]["name"] == "Slow answers <b>"
    assert seen(ada.base_url)["status"] == "degraded"
    ada.check()

    ada.page.get_by_role("link", name="The public status page").click()
    ada.heading("Not everything works")
    expect(ada.page.get_by_role("heading", name="Slow answers <b>")).to_be_visible()
    expect(ada.page.get_by_text("We are looking into it.")).to_be_visible()
    assert ada.violations() == []

    ada.open("/operations")
    ada.button("Update: Slow answers <b>").click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="State").click()
    ada.page.get_by_role("option", name="Resolved").click()
    dialog.get_by_label("Message").fill("It works again.")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    assert seen(ada.base_url)["status"] == "operational"
    ada.open("/status")
    ada.heading("Everything works")
    expect(ada.page.get_by_text("It works again.")).to_be_visible()


def test_whoever_is_no_operator_tells_of_nothing(gateway):
    headers = {"Authorization": f"Bearer {gateway.key}"}
    body = {"name": "n", "message": "m"}
    assert httpx.get(f"{gateway.url}/v1/admin/incidents", headers=headers).status_code == 403
    assert httpx.post(f"{gateway.url}/v1/admin/incidents", headers=headers, json=body).status_code == 403
    assert httpx.post(f"{gateway.url}/v1/admin/incidents", json=body).status_code == 401
    assert httpx.get(f"{gateway.url}/status").json()["incidents"] == []


def test_an_incident_is_made_once_for_one_idempotency_key(gateway):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock")),
                      base_url="http://gateway", headers={"Idempotency-Key": "one"}) as operator:
        made = [operator.post("/v1/admin/incidents", json={"name": "n", "message": "m"}) for _ in range(2)]
        assert [one.status_code for one in made] == [201, 201], made[0].text
        assert made[0].json()["id"] == made[1].json()["id"]
        assert operator.delete(f"/v1/admin/incidents/{made[0].json()['id']}").status_code == 200


def test_the_page_loads_and_runs_nothing(gateway):
    answer = httpx.get(f"{gateway.url}/status", headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text and "src=" not in answer.text
