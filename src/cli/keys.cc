#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <ostream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace keywarden {
namespace {

constexpr std::string_view kKeys = "/v1/keys";
constexpr size_t kPagesMax = 1'000;  // of 100 keys
constexpr std::string_view kGraceByDefault = "24h";

/// In the order in which people look for them; the others follow by name.
constexpr std::array kFirstMembers = {"id", "name", "description", "status", "kind", "display"};
/// Shown otherwise, or of no interest to people.
constexpr std::array kOtherMembers = {"object", "secrets", "limits"};

/// Null, "", [], {}, and objects that hold nothing else.
bool is_nothing(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || (value.is_structured() && std::ranges::all_of(value, is_nothing));
}

bool is_empty(const Json& key, std::string_view name) {
    const auto found = key.find(name);
    return found == key.end() || is_nothing(*found);
}

/// A path segment: whatever is not a letter, a digit, '-' or '_' is escaped.
std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_';
        out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<std::string> path_of(const Arguments& arguments, std::string_view action = {}) {
    const std::string& id = arguments.values.front();
    if (id.empty()) return fail(ErrorCode::InvalidRequest, "the ID is empty");
    return fmt::format("{}/{}{}", kKeys, escape(id), action);
}

void print_key(Session& session, const Arguments& arguments, const Json& key) {
    if (arguments.has("json")) {
        session.terminal.out << dump(key);
        return;
    }
    std::vector<std::vector<std::string>> rows;
    // Whoever calls over the socket is the operator, who has no key.
    if (shown(key, "object") == "operator") {
        rows.push_back({"caller", "the operator, over the socket"});
    }
    for (const char* name : kFirstMembers) {
        if (!is_empty(key, name)) rows.push_back({name, shown(key, name)});
    }
    for (const auto& [name, value] : key.items()) {
        const auto is_row = [&name](const char* other) { return name == other; };
        if (std::ranges::any_of(kFirstMembers, is_row) || is_empty(key, name)) continue;
        if (std::ranges::any_of(kOtherMembers, is_row)) continue;
        rows.push_back({name, shown(key, name)});
    }
    for (const Json& limit : list_of(key, "limits")) {
        rows.push_back({"limit",
                        fmt::format("{}: {} of {} are left{}",
                                    shown(limit, "name"),
                                    shown(limit, "remaining"),
                                    shown(limit, "limit"),
                                    shown(limit, "reset_seconds") == "0"
                                        ? ""
                                        : fmt::format(", all of them in {} s",
                                                      shown(limit, "reset_seconds")))});
    }
    for (const Json& secret : list_of(key, "secrets")) {
        rows.push_back({"secret",
                        fmt::format("{}  used {}  ends {}",
                                    shown(secret, "display"),
                                    shown(secret, "last_used_at"),
                                    shown(secret, "ends_at"))});
    }
    session.terminal.out << table(rows, false);
}

/// The secret alone on standard output, so that `KEY=$(keywarden keys create ci)` works.
void print_secret(Session& session, const Arguments& arguments, const Json& answer) {
    if (arguments.has("json")) {
        session.terminal.out << dump(answer);
        return;
    }
    session.terminal.err << printable(
        fmt::format("{} \"{}\". This is its secret, shown this once: keep it now.\n",
                    shown(answer, "id"),
                    shown(answer, "name")));
    session.terminal.out << printable(shown(answer, "key")) << '\n' << std::flush;
    session.terminal.err << "Use it as KEYWARDEN_API_KEY, or as the API key of any OpenAI SDK.\n";
}

Result<int> act(Session& session,
                const Arguments& arguments,
                Method method,
                std::string_view action,
                std::string_view done) {
    TRY(std::string path, path_of(arguments, action));
    TRY(const std::string body, session.call(arguments, method, std::move(path)));
    TRY(const Json key, parse_object(body));
    if (arguments.has("json")) {
        session.terminal.out << dump(key);
    } else {
        session.terminal.out << printable(
            fmt::format("{} \"{}\" is {}.\n", shown(key, "id"), shown(key, "name"), done));
    }
    return kExitOk;
}

}  // namespace

Result<int> run_keys_list(Session& session, const Arguments& arguments) {
    std::string filter;
    if (arguments.has("status")) filter = "&status=" + escape(arguments.get("status"));
    Json all = Json::array();
    std::string after;
    for (size_t page = 0; page < kPagesMax; ++page) {
        std::string target = fmt::format(
            "{}?limit=100{}{}{}", kKeys, filter, after.empty() ? "" : "&after=", escape(after));
        TRY(const std::string body, session.call(arguments, Method::Get, std::move(target)));
        TRY(const Json answer, parse_object(body));
        for (const Json& key : list_of(answer, "data")) all.push_back(key);
        after = shown(answer, "next");
        if (after == "-") break;
    }
    if (arguments.has("json")) {
        session.terminal.out << dump({{"object", "list"}, {"data", all}});
        return kExitOk;
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "NAME", "KIND", "STATUS", "KEY", "RPM", "CREATED", "LAST USED", "EXPIRES"}};
    for (const Json& key : all) {
        rows.push_back({shown(key, "id"),
                        shown(key, "name"),
                        shown(key, "kind"),
                        shown(key, "status"),
                        shown(key, "display"),
                        shown(key, "rate_limit_rpm"),
                        shown(key, "created_at"),
                        shown(key, "last_used_at"),
                        shown(key, "expires_at")});
    }
    session.terminal.out << (all.empty() ? "No keys yet: keywarden keys create NAME makes one.\n"
                                         : table(rows, session.color()));
    return kExitOk;
}

Result<int> run_keys_create(Session& session, const Arguments& arguments) {
    Json body = {{"name", arguments.values.front()}};
    for (const char* name : {"kind", "description", "format"}) {
        if (arguments.has(name)) body[name] = arguments.get(name);
    }
    if (arguments.has("expires-at")) body["expires_at"] = arguments.get("expires-at");
    if (arguments.has("test")) body["environment"] = "test";
    if (const std::string_view text = arguments.get("rate-limit-rpm"); !text.empty()) {
        int64_t limit = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
        if (failed != std::errc() || end != text.data() + text.size()) {
            return fail(ErrorCode::InvalidRequest,
                        fmt::format("--rate-limit-rpm: expected a whole number, got '{}'", text));
        }
        body["rate_limit_rpm"] = limit;
    }
    TRY(const std::string answer,
        session.call(arguments, Method::Post, std::string(kKeys), dump(body)));
    TRY(const Json key, parse_object(answer));
    print_secret(session, arguments, key);
    return kExitOk;
}

Result<int> run_keys_show(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments));
    TRY(const std::string body, session.call(arguments, Method::Get, std::move(path)));
    TRY(const Json key, parse_object(body));
    print_key(session, arguments, key);
    return kExitOk;
}

Result<int> run_keys_rotate(Session& session, const Arguments& arguments) {
    TRY(std::string path, path_of(arguments, "/rotate"));
    Json body = Json::object();
    if (arguments.has("grace")) body["grace"] = arguments.get("grace");
    if (arguments.has("emergency")) {
        body["emergency"] = true;
        TRY_VOID(confirm(session,
                         arguments,
                         fmt::format("End the old secret of {} at once?", arguments.values[0])));
    }
    TRY(const std::string answer,
        session.call(arguments, Method::Post, std::move(path), dump(body)));
    TRY(const Json key, parse_object(answer));
    print_secret(session, arguments, key);
    if (arguments.has("json")) return kExitOk;
    session.terminal.err << (arguments.has("emergency")
                                 ? "Its older secrets have ended.\n"
                                 : fmt::format("Its older secrets end {} after the first use of "
                                               "this one.\n",
                                               arguments.has("grace") ? arguments.get("grace")
                                                                      : kGraceByDefault));
    return kExitOk;
}

Result<int> run_keys_disable(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/disable", "disabled");
}

Result<int> run_keys_enable(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/enable", "enabled");
}

Result<int> run_keys_quarantine(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/quarantine", "quarantined");
}

Result<int> run_keys_release(Session& session, const Arguments& arguments) {
    return act(session, arguments, Method::Post, "/release", "released");
}

Result<int> run_keys_revoke(Session& session, const Arguments& arguments) {
    TRY_VOID(path_of(arguments));
    TRY_VOID(confirm(
        session, arguments, fmt::format("Revoke {}? It cannot be undone.", arguments.values[0])));
    return act(session, arguments, Method::Delete, "", "revoked");
}

Result<int> run_whoami(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/key"));
    TRY(const Json key, parse_object(body));
    print_key(session, arguments, key);
    return kExitOk;
}

}  // namespace keywarden
