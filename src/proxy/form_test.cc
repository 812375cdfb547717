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

TEST(MultipartScanner, TakesNoCredentialThatWouldBePassedOn) {
    for (const std::string name : {"api_key", "aws_secret_access_key", "aws_session_token"}) {
        EXPECT_EQ(scan(part("model", "m") + part(name, "s3cret") + "--b-1--"),
                  "The field '" + name + "' is not taken in a form.");
    }
    EXPECT_EQ(scan(part("api_keys", "x") + part("model", "m") + "--b-1--"), "m");
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
