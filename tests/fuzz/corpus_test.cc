#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

struct Target {
    const char* name;
    void (*run)(std::string_view);
};

/// So that a failure names its target.
void PrintTo(const Target& target, std::ostream* out) {
    *out << target.name;
}  // NOLINT: GoogleTest's

constexpr Target kTargets[] = {
    {"chat", fuzz_chat},
    {"chunked", fuzz_chunked},
    {"event_stream", fuzz_event_stream},
    {"http_head", fuzz_http_head},
    {"json", fuzz_json},
    {"key", fuzz_key},
    {"sandbox", fuzz_sandbox},
    {"sse", fuzz_sse},
    {"tools", fuzz_tools},
    {"url", fuzz_url},
    {"usage", fuzz_usage},
    {"yaml", fuzz_yaml},
};

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, EveryFileKeepsThePromises) {
    const auto folder =
        std::filesystem::path(KEYWARDEN_ROOT "/tests/fuzz/corpus") / GetParam().name;
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        SCOPED_TRACE(entry.path());
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string input{std::istreambuf_iterator<char>(file), {}};
        GetParam().run(input);
        // Cut off anywhere, it is one more input that the fuzzer would try first.
        for (size_t cut = 0; cut < input.size(); cut += 1 + input.size() / 64) {
            GetParam().run(std::string_view(input).substr(0, cut));
        }
        ++files;
    }
    EXPECT_GE(files, 5U);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, testing::ValuesIn(kTargets), [](const auto& info) {
    return std::string(info.param.name);
});

}  // namespace
}  // namespace keywarden
