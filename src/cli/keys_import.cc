// keywarden keys import: keys that were made elsewhere, by their hashes.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <ostream>
#include <string>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/import_file.h"
#include "cli/output.h"

namespace keywarden {
namespace {

constexpr size_t kFileBytesMax = size_t{256} << 20U;
constexpr size_t kKeysAtOnce = 100;  // in one request

Result<std::string> read_all(Session& session, const std::string& path) {
    if (path != "-") return session.host.read_file(path, kFileBytesMax);
    return std::string(std::istreambuf_iterator<char>(session.terminal.in), {});
}

/// What became of all of them so far.
struct Tally {
    int64_t imported = 0;
    int64_t duplicates = 0;
    int64_t failed = 0;
    Json data = Json::array();

    void add(const Json& answer) {
        const size_t before = data.size();
        for (Json each : list_of(answer, "data")) {
            each["index"] = data.size();
            data.push_back(std::move(each));
        }
        const auto count = static_cast<int64_t>(data.size() - before);
        const auto number = [&](const char* name) {
            const auto found = answer.find(name);
            const bool is_number = found != answer.end() && found->is_number_integer();
            return is_number ? found->get<int64_t>() : int64_t{0};
        };
        imported += number("imported");
        duplicates += number("duplicates");
        failed += count - number("imported") - number("duplicates");
    }
};

void print_failures(Session& session, const Tally& tally, size_t from) {
    for (size_t i = from; i < tally.data.size(); ++i) {
        const Json& each = tally.data[i];
        if (!each.contains("error")) continue;
        session.terminal.err << printable(fmt::format("key {} \"{}\": {}: {}\n",
                                                      i + 1,
                                                      shown(each, "name"),
                                                      shown(each, "status"),
                                                      shown(each["error"], "message")));
    }
}

Json request_of(const ImportFile& file, size_t from, bool dry_run) {
    Json keys = Json::array();
    const size_t end = std::min(from + kKeysAtOnce, file.items.size());
    for (size_t i = from; i < end; ++i) keys.push_back(file.items[i]);
    Json body = {{"keys", std::move(keys)}};
    if (dry_run) body["dry_run"] = true;
    return body;
}

void print_tally(Session& session, const Tally& tally, const ImportFile& file, bool dry_run) {
    session.terminal.out << fmt::format(
        "{} {}, {} here already, {} not taken{}.\n",
        tally.imported,
        dry_run ? "would be imported" : "imported",
        tally.duplicates,
        tally.failed,
        file.left_out == 0 ? "" : fmt::format(", {} left out as switched off", file.left_out));
}

}  // namespace

Result<int> run_keys_import(Session& session, const Arguments& arguments) {
    const std::string& path = arguments.values.front();
    TRY(const std::string text, read_all(session, path));
    auto file = read_import_file(text, arguments.has("from") ? arguments.get("from") : "keywarden");
    if (!file) {
        return fail(ErrorCode::InvalidRequest, fmt::format("{}: {}", path, file.error().message));
    }
    const bool as_json = arguments.has("json");
    const bool dry_run = arguments.has("dry-run");
    if (!as_json && !file->ignored.empty()) {
        session.terminal.err << printable(
            fmt::format("Not taken over: {}.\n", fmt::join(file->ignored, ", ")));
    }
    std::string target = "/v1/keys/import";
    if (arguments.has("team")) {
        target = fmt::format("/v1/admin/teams/{}/keys/import", escape(arguments.get("team")));
    }
    Tally tally;
    for (size_t from = 0; from < file->items.size(); from += kKeysAtOnce) {
        TRY(const std::string answer,
            session.call(arguments, Method::Post, target, dump(request_of(*file, from, dry_run))));
        TRY(const Json parsed, parse_object(answer));
        tally.add(parsed);
        if (as_json) continue;
        print_failures(session, tally, from);
        if (file->items.size() > kKeysAtOnce) {
            session.terminal.err << fmt::format(
                "{} of {}\n", std::min(from + kKeysAtOnce, file->items.size()), file->items.size());
        }
    }
    if (as_json) {
        session.terminal.out << dump({{"object", "key_import"},
                                      {"dry_run", dry_run},
                                      {"imported", tally.imported},
                                      {"duplicates", tally.duplicates},
                                      {"failed", tally.failed},
                                      {"data", tally.data}});
    } else {
        print_tally(session, tally, *file, dry_run);
    }
    return tally.failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace keywarden
