"""A key's own policy, as the official client meets it: typed errors, and no retry that cannot help."""
import httpx
import openai
import pytest

MESSAGES = [{"role": "user", "content": "Hello"}]


class Counted(openai.OpenAI):
    """The official client with its retries on, and its requests counted."""

    def __init__(self, gateway, key, retries=2):
        self.sent = 0
        super().__init__(api_key=key, base_url=gateway.base_url, max_retries=retries, timeout=20,
                         http_client=httpx.Client(event_hooks={"request": [self._count]}))

    def _count(self, _):
        self.sent += 1

    def ask(self, model="imposter-1"):
        return self.chat.completions.create(model=model, messages=MESSAGES)


@pytest.mark.parametrize("policy, code", [
    ({"models": {"deny": ["imposter-*"]}}, "model_not_allowed"),
    ({"models": {"allow": ["gpt-*"]}}, "model_not_allowed"),
    ({"providers": {"deny": ["imposter"]}}, "model_not_allowed"),
    ({"privacy_classes": {"allow": ["tee"]}}, "model_not_allowed"),
    ({"endpoints": {"allow": ["/v1/models"]}}, "endpoint_not_allowed"),
    ({"ip_ranges": {"allow": ["192.0.2.0/24"]}}, "ip_not_allowed"),
])
def test_what_the_key_itself_denies_is_a_permission_error_and_not_retried(gateway, imposter, new_key,
                                                                          policy, code):
    with Counted(gateway, new_key(policy=policy)["key"]) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.ask()
        assert (caught.value.status_code, caught.value.code) == (403, code)
        assert caught.value.body["denied_by"] == "key"
        assert client.sent == 1


def test_the_model_list_is_what_the_key_may_use(gateway, new_key):
    with Counted(gateway, new_key(policy={"models": {"allow": ["gpt-*"]}})["key"]) as client:
        assert [model.id for model in client.models.list()] == ["gpt-4o-mini"]


def test_a_used_up_day_of_the_key_is_a_rate_limit_error_that_names_it(gateway, imposter, new_key):
    key = new_key(policy={"limits": {"requests_per_day": 1}})["key"]
    with Counted(gateway, key, retries=0) as client:
        client.ask()
        with pytest.raises(openai.RateLimitError) as caught:
            client.ask()
        assert caught.value.code == "quota_exceeded"
        assert caught.value.body["limit_name"] == "requests_per_day"
        assert caught.value.body["denied_by"] == "key"
        assert int(caught.value.response.headers["retry-after"]) >= 1


def test_a_request_that_can_never_fit_is_not_worth_retrying(gateway, imposter, new_key):
    with Counted(gateway, new_key(policy={"limits": {"tokens_per_request": 1}})["key"]) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            client.ask()
        assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")
        assert client.sent == 1


def test_a_changed_policy_holds_at_the_next_request_of_an_open_connection(gateway, http, imposter,
                                                                         new_key):
    made = new_key()
    with Counted(gateway, made["key"]) as client:
        client.ask()
        changed = http.patch(f"/v1/keys/{made['id']}",
                             json={"policy": {"models": {"deny": ["imposter-1"]}}})
        assert changed.status_code == 200, changed.text
        with pytest.raises(openai.PermissionDeniedError):
            client.ask()
        http.patch(f"/v1/keys/{made['id']}", json={"policy": None})
        client.ask()


def test_a_pattern_that_fits_nothing_is_taken_with_a_warning(new_key):
    assert new_key(policy={"models": {"deny": ["imposter-1", "imposter-9"]}})["warnings"] == [
        "'models': 'imposter-9' fits no model that there is."]
