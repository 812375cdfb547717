#include "domain/audit.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/json/write.h"

namespace keywarden {
namespace {

constexpr int64_t kExactIntegerMax = int64_t{1} << 53;

std::string_view as_text(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// As append_json_string, but for three characters that RFC 8785 writes in another way.
void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view kApart = "\b\f\x7f";
    out += '"';
    while (!text.empty()) {
        const size_t length = std::min(text.find_first_of(kApart), text.size());
        std::string quoted;
        append_json_string(quoted, text.substr(0, length));
        out.append(quoted, 1, quoted.size() - 2);
        text.remove_prefix(length);
        if (text.empty()) break;
        if (text.front() == '\b') out += "\\b";
        if (text.front() == '\f') out += "\\f";
        if (text.front() == '\x7f') out += '\x7f';
        text.remove_prefix(1);
    }
    out += '"';
}

void append_value(std::string& out, std::monostate) { out += "null"; }
void append_value(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_value(std::string& out, int64_t value) {
    const bool exact = value >= -kExactIntegerMax && value <= kExactIntegerMax;
    out += exact ? std::to_string(value) : '"' + std::to_string(value) + '"';
}
void append_value(std::string& out, const std::string& value) { append_string(out, value); }
void append_value(std::string& out, const std::vector<std::string>& values) {
    out += '[';
    for (const std::string& value : values) {
        if (out.back() != '[') out += ',';
        append_string(out, value);
    }
    out += ']';
}

void append_any(std::string& out, const AuditValue& value) {
    std::visit([&](const auto& some) { append_value(out, some); }, value);
}

/// Members must come in the order of their names.
void append_name(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    append_string(out, name);
    out += ':';
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
    append_name(out, name);
    append_string(out, value);
}

void append_party(std::string& out, std::string_view name, const AuditParty& party) {
    append_name(out, name);
    out += '{';
    append_text(out, "id", party.id);
    append_text(out, "type", party.type);
    out += '}';
}

void append_diff(std::string& out, std::vector<AuditChange> changes) {
    std::ranges::sort(changes, {}, &AuditChange::field);
    append_name(out, "diff");
    out += '{';
    for (const AuditChange& change : changes) {
        append_name(out, change.field);
        out += '[';
        append_any(out, change.before);
        out += ',';
        append_any(out, change.after);
        out += ']';
    }
    out += '}';
}

/// Whether the row's own bytes say that it is this one of this team. A change is an array and a
/// party has no such members, so this text stands only at the top of a row.
bool says(std::string_view canonical, int64_t seq, std::string_view tenant) {
    std::string tail = "},";
    append_string(tail, "tenant");
    tail += ':';
    append_string(tail, tenant);
    tail += ",\"ts\":\"";
    constexpr size_t kMomentAndEnd = std::string_view("2026-01-01T00:00:00.000Z\"}").size();
    if (canonical.size() < tail.size() + kMomentAndEnd) return false;
    const std::string_view end = canonical.substr(canonical.size() - tail.size() - kMomentAndEnd);
    return end.starts_with(tail) && canonical.find(",\"seq\":" + std::to_string(seq) +
                                                   ",\"target\":") != std::string_view::npos;
}

}  // namespace

std::string canonical(const AuditEntry& entry) {
    std::string out = "{";
    append_text(out, "action", entry.action);
    append_party(out, "actor", entry.actor);
    if (!entry.address.empty()) append_text(out, "address", entry.address);
    if (!entry.diff.empty()) append_diff(out, entry.diff);
    append_text(out, "outcome", entry.outcome);
    if (!entry.reason.empty()) append_text(out, "reason", entry.reason);
    if (!entry.request_id.empty()) append_text(out, "request_id", entry.request_id);
    append_name(out, "seq");
    append_value(out, entry.seq);
    append_party(out, "target", entry.target);
    append_text(out, "tenant", entry.tenant);
    append_text(out, "ts", format_iso8601(entry.at));
    out += '}';
    return out;
}

AuditHead chained(const AuditHead& before, std::string_view canonical) {
    const Digest leaf = sha256(std::string(1, '\0').append(canonical));
    const std::string link =
        std::string(1, '\x01').append(as_text(before.chain)).append(as_text(leaf));
    return {.next_seq = before.next_seq + 1, .chain = sha256(link)};
}

AuditRow next_row(const AuditHead& head, AuditEntry entry) {
    entry.seq = head.next_seq;
    std::string bytes = canonical(entry);
    const Digest chain = chained(head, bytes).chain;
    return {.seq = head.next_seq, .canonical = std::move(bytes), .chain = chain};
}

Result<void> AuditVerifier::add(const AuditRow& row) {
    const auto broken = [&](std::string_view what) {
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "The audit log is broken at row " + std::to_string(head_.next_seq) +
                                ": " + std::string(what),
                     .param = "seq",
                     .facts = {{"seq", head_.next_seq}}});
    };
    if (row.seq != head_.next_seq) {
        return broken("the next one there is row " + std::to_string(row.seq) + ".");
    }
    if (!says(row.canonical, row.seq, tenant_)) return broken("its content is of another row.");
    const AuditHead next = chained(head_, row.canonical);
    if (next.chain != row.chain) return broken("it, or one before it, was altered.");
    head_ = next;
    return {};
}

}  // namespace keywarden
