#include <future>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "proxy/multipart.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=\"b-1\"";

std::string part(std::string_view name, std::string_view content) {
    return "--b-1\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
           std::string(content) + "\r\n";
}

/// "model 10-16", "no model", or the error's message; the form is fed in two pieces.
std::string scan(const std::string& form, size_t cut = 0) {
    auto scanner = MultipartScanner::open(kType);
    if (!scanner) return scanner.error().message;
    for (const std::string& piece : {form.substr(0, cut), form.substr(cut)}) {
        if (const auto fed = scanner->feed(piece); !fed) return fed.error().message;
    }
    const auto& model = scanner->model();
    if (!model) return scanner->complete() ? "no model" : "no end";
    return form.substr(model->begin, model->end - model->begin);
}

TEST(MultipartScanner, FindsTheModelWhereverItStands) {
    EXPECT_EQ(scan(part("model", "whisper-1") + part("file", "abc") + "--b-1--\r\n"), "whisper-1");
    EXPECT_EQ(scan(part("file", "\r\n--b-\r\r\n--b-2") + part("model", "m") + "--b-1--"), "m");
    EXPECT_EQ(scan("preamble\r\n" + part("model", "") + "--b-1--"), "");
    EXPECT_EQ(scan(part("file", part("model", "x").substr(1)) + "--b-1--"), "no model");
    EXPECT_EQ(scan(part("model", "m").substr(0, 40)), "no end");
}

std::string file(std::string_view content, std::string_view parameter = "filename=\"a\"") {
    return "--b-1\r\nContent-Disposition: form-data; name=file; " + std::string(parameter) +
           "\r\n\r\n" + std::string(content) + "\r\n";
}

/// The credentials that a form has, "name=value" each, and what is left of it without them.
std::string taken(const std::string& form) {
    auto scanner = *MultipartScanner::open(kType);
    if (const auto fed = scanner.feed(form); !fed) return fed.error().message;
    std::string out;
    std::string left = form;
    const auto& all = scanner.credentials();
    for (auto each = all.rbegin(); each != all.rend(); ++each) {
        out += std::string(each->name) + "=" +
               form.substr(each->value.begin, each->value.end - each->value.begin) + " ";
        left.erase(each->part.begin, each->part.end - each->part.begin);
    }
    return out + left;
}

TEST(MultipartScanner, TakesCredentialsOutWhereverTheyMayStand) {
    const std::string model = part("model", "m");
    const std::string end = "--b-1--\r\n";
    const std::string key = part("api_key", "k");
    const std::string region = part("aws_region_name", "");
    EXPECT_EQ(taken(key + model + end), "api_key=k " + model + end);
    EXPECT_EQ(taken("\r\n" + key + region + model + end),
              "aws_region_name= api_key=k \r\n" + model + end);
    EXPECT_EQ(taken(model + key + file("f") + end), "api_key=k " + model + file("f") + end);
    EXPECT_EQ(taken(file("f") + model + key + end), "api_key=k " + file("f") + model + end);
    EXPECT_EQ(taken(part("api_keys", "x") + model + end), part("api_keys", "x") + model + end);
}

TEST(MultipartScanner, RefusesACredentialThatComesTooLate) {
    const std::string model = part("model", "m");
    const std::string late = "The field 'api_key' must come before the form's files.";
    for (const char* name : {"filename=a", "FileName*=UTF-8''a", "filename = a"}) {
        EXPECT_EQ(taken(model + file("f", name) + part("api_key", "s3cret")), late) << name;
    }
    const std::string much(MultipartScanner::kFieldsMax, 'x');
    EXPECT_EQ(taken(model + part("prompt", much) + part("api_key", "s3cret")), late);
}

TEST(MultipartScanner, RefusesOurFieldsTwiceOrInAnotherCase) {
    const std::string key = part("api_key", "k");
    EXPECT_EQ(taken(key + key), "The field 'api_key' is given twice.");
    EXPECT_EQ(taken(part("API_key", "k")),
              "The field 'api_key' must be written so, not in another case.");
    EXPECT_EQ(taken(part("Model", "m")),
              "The field 'model' must be written so, not in another case.");
}

TEST(MultipartScanner, RefusesWhatTwoReadersCouldReadDifferently) {
    const std::string malformed = "The form is malformed: ";
    EXPECT_EQ(scan(part("model", "a") + part("model", "b") + "--b-1--"),
              "The field 'model' is given twice.");
    EXPECT_EQ(scan("--b-1 \r\n"), malformed + "a boundary must end its line.");
    EXPECT_EQ(scan("--b-1\r\nnonsense\r\n\r\n"),
              malformed + "a part's head has a line that is no field.");
    EXPECT_EQ(scan("--b-1\r\nContent-Disposition: form-data; name*=UTF-8''model\r\n\r\n"),
              malformed + "'name*' is not supported.");
    EXPECT_EQ(scan("--b-1\r\nContent-Disposition: form-data; name=a; name=model\r\n\r\n"),
              malformed + "'name' is given twice.");
    EXPECT_EQ(scan("--b-1\r\nContent-Disposition: form-data; name=\"a\r\n\r\n"),
              malformed + "a quoted value is not closed.");
    EXPECT_EQ(scan("--b-1\r\nContent-Disposition: a; name=x\r\nContent-Disposition: b\r\n\r\n"),
              malformed + "a part has two Content-Disposition.");
    EXPECT_EQ(scan("--b-1\r\nX: " + std::string(5'000, 'x')),
              malformed + "a part's head is too long.");
    EXPECT_EQ(scan("--b-1\r\nContent-Disposition: form-data; name=a\r\n\r\n--b-1\r\n"),
              malformed + "a part has no end of line before its boundary.");
}

TEST(MultipartScanner, WantsABoundary) {
    for (const char* type : {"",
                             "application/json",
                             "multipart/form-data",
                             "multipart/mixed; boundary=b",
                             "multipart/form-data; boundary=\"\"",
                             "multipart/form-data; boundary=b; boundary=c",
                             "multipart/form-data; boundary=\"a b \"",
                             "multipart/form-data; boundary=a\x01"}) {
        EXPECT_EQ(MultipartScanner::open(type).error().code, ErrorCode::UnsupportedMediaType)
            << type;
    }
    EXPECT_TRUE(MultipartScanner::open("Multipart/Form-Data; charset=utf-8; BOUNDARY=----x'(1)"));
}

RC_GTEST_PROP(MultipartScannerProperty, TheSameAnswerWhereverTheBytesAreCut, ()) {
    const auto noise =
        rc::gen::container<std::string>(rc::gen::element('\r', '\n', '-', 'b', '1', 'x'));
    const std::string form =
        part("file", *noise) + part("model", *noise) + part("z", *noise) + "--b-1--\r\n";
    const std::string whole = scan(form);
    for (size_t cut = 1; cut < form.size(); ++cut) RC_ASSERT(scan(form, cut) == whole);
}

// ---- through the gateway ------------------------------------------------------------------------

class Form : public ProxyFixture {
protected:
    std::string transcribe(const std::string& form, const std::string& framing) {
        return "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: g\r\nx-api-key: " +
               std::string(secret()) + "\r\nContent-Type: " + std::string(kType) + "\r\n" +
               framing + "\r\n\r\n" + form;
    }
    std::string transcribe(const std::string& form) {
        return transcribe(form, "Content-Length: " + std::to_string(form.size()));
    }

    /// Answers with what it heard.
    static void echo(test::Peer& peer) {
        std::string request = peer.hear_answer();
        if (request.find("Transfer-Encoding: chunked") != std::string::npos) {
            request += peer.hear_until("\r\n0\r\n\r\n");
        }
        if (!request.empty()) peer.say(json_answer(request));
    }
};

TEST_F(Form, StreamsThroughWithTheProvidersModel) {
    start(echo);
    const std::string file(300'000, 'f');
    const std::string answer =
        ask(transcribe(part("model", "small") + part("file", file) + "--b-1--\r\n"));
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find("POST /base/v1/audio/transcriptions HTTP/1.1\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Content-Type: " + std::string(kType)), std::string::npos);
    EXPECT_TRUE(answer.ends_with(part("model", "small-2024") + part("file", file) + "--b-1--\r\n"));
    EXPECT_EQ(row(1), "200 /v1/audio/transcriptions small ");
}

TEST_F(Form, TheModelMayComeAfterTheFile) {
    start(echo);
    const std::string file(3'000'000, 'f');
    const std::string form = part("file", file) + part("model", "gpt-4o") + "--b-1--\r\n";
    EXPECT_TRUE(ask(transcribe(form)).ends_with(form));
}

TEST_F(Form, ChunkedFormsStayChunked) {
    start(echo);
    const std::string form = part("model", "gpt-4o") + "--b-1--\r\n";
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", form.size());
    const std::string answer =
        ask(transcribe(size + form + "\r\n0\r\n\r\n", "Transfer-Encoding: chunked"));
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find(form), std::string::npos);
}

TEST_F(Form, RefusesWhatItCannotRoute) {
    start([](test::Peer& peer) { peer.hear_all(); });
    EXPECT_EQ(status(ask(transcribe(part("file", "x") + "--b-1--\r\n"))), 400);
    EXPECT_EQ(status(ask(transcribe(part("model", "none") + "--b-1--\r\n"))), 404);
    EXPECT_EQ(status(ask(post("/v1/audio/transcriptions", secret(), "{}"))), 415);
    EXPECT_EQ(status(ask(transcribe("", "Content-Length: 104857601"))), 413);
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Form, ASecondModelBehindTheFirstStopsTheCall) {
    start(echo);
    const std::string answer =
        ask(transcribe(part("model", "gpt-4o") + part("file", std::string(200'000, 'f')) +
                       part("model", "small") + "--b-1--\r\n"));
    EXPECT_EQ(status(answer), 400);
}

TEST_F(Form, UsesTheFormsOwnCredentialForThatCallOnly) {
    start(echo);
    const std::string sound = file(std::string(200'000, 'f'));
    const std::string form = part("model", "small") + part("api_key", "own-key") +
                             part("aws_session_token", "s3cret") + sound + "--b-1--\r\n";
    const std::string passed = part("model", "small-2024") + sound + "--b-1--\r\n";
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", form.size());
    for (const std::string& request :
         {transcribe(form),
          transcribe(size + form + "\r\n0\r\n\r\n", "Transfer-Encoding: chunked")}) {
        const std::string answer = ask(request);
        EXPECT_EQ(status(answer), 200) << answer.substr(0, 500);
        EXPECT_NE(answer.find("Authorization: Bearer own-key\r\n"), std::string::npos);
        EXPECT_EQ(answer.find("s3cret"), std::string::npos);
        EXPECT_EQ(answer.find("api_key"), std::string::npos);
    }
    EXPECT_TRUE(ask(transcribe(form)).ends_with(passed));
    const std::string next = ask(transcribe(part("model", "small") + "--b-1--\r\n"));
    EXPECT_NE(next.find("Authorization: Bearer " + std::string(kUpstreamKey)), std::string::npos);
}

TEST_F(Form, ACredentialBehindTheFileStopsTheCallBeforeItIsPassedOn) {
    std::promise<std::string> heard;
    start([&](test::Peer& peer) { heard.set_value(peer.hear_all()); });
    const std::string answer =
        ask(transcribe(part("model", "gpt-4o") + file(std::string(300'000, 'f')) +
                       part("api_key", "s3cret") + "--b-1--\r\n"));
    EXPECT_EQ(status(answer), 400);
    EXPECT_NE(answer.find(R"("param":"api_key")"), std::string::npos) << answer;
    EXPECT_EQ(heard.get_future().get().find("s3cret"), std::string::npos);
    EXPECT_EQ(status(ask(transcribe(part("model", "gpt-4o") + part("api_key", "a b") + "--b-1--"))),
              400);
}

TEST_F(Form, BinaryAnswersStreamThrough) {
    const std::string audio(2'000'000, '\xff');
    start(Imposter::answers("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: " +
                            std::to_string(audio.size()) + "\r\n\r\n" + audio));
    const std::string answer =
        ask(post("/v1/audio/speech", secret(), R"({"model":"gpt-4o","input":"x","voice":"y"})"));
    EXPECT_EQ(field(answer, "Content-Type"), "audio/mpeg");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + audio));
}

}  // namespace
}  // namespace keywarden
