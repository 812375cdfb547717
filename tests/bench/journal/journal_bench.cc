// The journal: how fast calls go in, how long a start takes that finds so many, and how fast they
// move into SQLite.
//
//   journal_bench FOLDER ROWS     in an empty folder
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "domain/call_id.h"
#include "store/journal.h"
#include "store/open.h"

namespace keywarden {
namespace {

constexpr size_t kBatch = 5000;  // as the applier takes them

CallRecord a_call(int64_t n) {
    static const std::string keys[] = {new_id("key"), new_id("key"), new_id("key"), new_id("key")};
    const TimePoint now = system_clock().now();
    return {.id = *call_id_of(new_request_id(now).view()),
            .admitted_at = now,
            .ended_at = now,
            .team_id = "team_0123456789abcdef",
            .app_id = "app_0123456789abcdef",
            .key_id = keys[n % 4],
            .provider = "openai",
            .model = "gpt-4o-mini",
            .route = "/v1/chat/completions",
            .status = 200,
            .attempts = 1,
            .priced = true,
            .usage = {.input = 1000 + n % 100, .output = 300, .total = 1300},
            .held = {20'000'000},
            .cost = {n % 1000}};
}

template <class T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s: %s\n", result.error().message.c_str(), result.error().detail.c_str());
    std::exit(EXIT_FAILURE);
}

double seconds_since(MonoTime begun) {
    return std::chrono::duration<double>(precise_mono() - begun).count();
}

std::unique_ptr<Journal> open(const std::string& folder, int64_t& rows) {
    return must(Journal::open(
        {.dir = folder + "/journal", .bytes_max = size_t{4} << 30U},
        {},
        [&rows](const CallRecord&) { ++rows; },
        system_clock().now()));
}

int run(const std::string& folder, int64_t rows) {
    int64_t found = 0;
    {
        const auto journal = open(folder, found);
        const MonoTime begun = precise_mono();
        for (int64_t n = 0; n < rows; ++n) {
            const CallRecord call = a_call(n);
            journal->writer(0).close(must(journal->writer(0).open(call, {})), call);
        }
        std::printf("%lld calls written: %.2f us each\n",
                    static_cast<long long>(rows),
                    seconds_since(begun) * 1e6 / static_cast<double>(rows));
    }
    const auto journal = open(folder, found);
    std::printf("%lld rows recovered in %.2f s\n",
                static_cast<long long>(found),
                std::chrono::duration<double>(journal->recovery().duration).count());
    const auto store = must(open_store("sqlite:" + folder + "/kw.db"));
    const MonoTime begun = precise_mono();
    int64_t applied = 0;
    while (applied < rows) {
        const Journal::Batch& batch = journal->next_batch(kBatch);
        if (!store->usage().apply(batch.rows, batch.positions)) return EXIT_FAILURE;
        applied += std::ssize(batch.rows);
        if (!store->usage().forget_segments(journal->applied())) return EXIT_FAILURE;
    }
    std::printf("%lld rows applied: %.0f a second\n",
                static_cast<long long>(applied),
                static_cast<double>(applied) / seconds_since(begun));
    const MonoTime checking = precise_mono();
    const LedgerFindings checked = must(store->usage().verify());
    std::printf("%lld rows verified in %.2f s: %zu differences\n",
                static_cast<long long>(checked.rows),
                seconds_since(checking),
                checked.differences.size());
    return EXIT_SUCCESS;
}

}  // namespace
}  // namespace keywarden

int main(int count, char** arguments) {
    if (count == 3) return keywarden::run(arguments[1], std::atoll(arguments[2]));
    std::fprintf(stderr, "usage: journal_bench FOLDER ROWS\n");
    return EXIT_FAILURE;
}
