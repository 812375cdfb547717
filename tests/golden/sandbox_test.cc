#include "providers/sandbox.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/crypto.h"

// tests/golden/sandbox/NAME.json is a request: {"path", "body"}, or {"path", "content_type",
// "text"} for a body that is no JSON. NAME.out is the whole answer, with its waits and its cut.
// A change of an answer that is meant: KEYWARDEN_GOLDEN_UPDATE=1 ./golden_test, then read the diff.

namespace keywarden {
namespace {

const std::filesystem::path kFolder = KEYWARDEN_ROOT "/tests/golden/sandbox";

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_printable(const std::string& body) {
    return std::ranges::none_of(body, [](char c) { return c >= 0 && c < ' ' && c != '\n'; });
}

std::string waits(Nanos delay) {
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
    return wait > 0 ? "(wait " + std::to_string(wait) + " ms)\n" : "";
}

/// The answer as a page: status, headers, then each step.
std::string play(SandboxAnswer answer) {
    std::string out = waits(answer.steps.first_delay) + std::to_string(answer.status) + '\n';
    for (const Header& header : answer.headers) out += header.name + ": " + header.value + '\n';
    if (!answer.streams) out += "(length " + std::to_string(answer.length) + ")\n";
    out += '\n';
    SandboxStep step;
    while (answer.steps.next(step)) {
        out += waits(step.delay);
        if (step.cut) out += "(cut)\n";
        const std::string bytes(step.bytes);
        out += is_printable(bytes) ? bytes : "(binary, SHA-256 " + to_hex(sha256(bytes)) + ")";
        if (!answer.streams && !step.cut) out += '\n';
    }
    return out;
}

std::string answer_to(const nlohmann::json& request) {
    const std::string body = request.value("text", request.value("body", nlohmann::json()).dump());
    const std::string path = request["path"];
    const std::string type = request.value("content_type", "application/json");
    const std::string model = request.value("routed_model", "");
    Result<SandboxAnswer> answer =
        answer_in_sandbox({.path = path, .content_type = type, .body = body, .model = model});
    if (answer) return play(std::move(*answer));
    const Error& error = answer.error();
    return std::string(info(error.code).slug) + " (" + error.param + ")\n" + error.message + '\n';
}

std::vector<std::string> case_names() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        if (entry.path().extension() == ".json") names.insert(entry.path().stem());
    }
    return {names.begin(), names.end()};
}

class SandboxGolden : public testing::TestWithParam<std::string> {};

TEST_P(SandboxGolden, AnswersAsWritten) {
    std::ifstream file(kFolder / (GetParam() + ".json"));
    const std::string answer = answer_to(nlohmann::json::parse(file));
    const std::filesystem::path expected = kFolder / (GetParam() + ".out");
    if (std::getenv("KEYWARDEN_GOLDEN_UPDATE") != nullptr) {
        std::ofstream(expected, std::ios::binary) << answer;
        return;
    }
    EXPECT_EQ(answer, read_file(expected)) << "if this is meant: KEYWARDEN_GOLDEN_UPDATE=1";
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         SandboxGolden,
                         testing::ValuesIn(case_names()),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace keywarden
