"""With no provider at all, the sandbox answers every client."""
import openai

HELLO = [{"role": "user", "content": "Say hello"}]


def test_the_same_question_gets_the_same_answer(client):
    first, second = (client.chat.completions.create(model="sandbox", messages=HELLO)
                     for _ in range(2))
    assert first.choices[0].message.content == second.choices[0].message.content != ""
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens


def test_a_stream_says_what_the_whole_answer_says(client):
    whole = client.chat.completions.create(model="sandbox", messages=HELLO)
    pieces = list(client.chat.completions.create(
        model="sandbox", messages=HELLO, stream=True, stream_options={"include_usage": True}))
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text == whole.choices[0].message.content
    assert pieces[-1].usage.total_tokens == whole.usage.total_tokens


def test_embeddings_and_responses_are_answered(client):
    rows = client.embeddings.create(model="sandbox", input=["a", "b"]).data
    assert len(rows) == 2 and rows[0].embedding != rows[1].embedding
    assert client.responses.create(model="sandbox", input="Say hello").output_text


def test_a_chosen_error_is_what_the_client_gets(client):
    try:
        client.chat.completions.create(model="sandbox/error-429", messages=HELLO)
    except openai.RateLimitError as error:
        assert error.status_code == 429
    else:
        raise AssertionError("no error")


def test_node_is_answered_too(node):
    whole = node("chat", model="sandbox")["choices"][0]["message"]["content"]
    assert node("stream", model="sandbox")["text"] == whole
