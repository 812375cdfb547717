// The audit log: what a row says, its one form as bytes, and the chain that binds rows together.
//
// The first row of a team is chained to 32 zero bytes, each later one to the row before:
//   leaf = SHA-256(0x00 ‖ canonical), chain = SHA-256(0x01 ‖ chain before ‖ leaf).
// Changing, adding, or removing a row breaks the chain from there on. Cutting off its end does
// not: keep a head outside (an export, a log line) and compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "base/units.h"

namespace keywarden {

/// A value before or after a change: none, a switch, a number, a text, or a list. Never a secret.
using AuditValue =
    std::variant<std::monostate, bool, int64_t, std::string, std::vector<std::string>>;

struct AuditChange {
    std::string field;  // of our own schema: ASCII
    AuditValue before{};
    AuditValue after{};
};

/// Who, or what: {"key", "key_…"}, {"user", "user_…"}, {"system", "startup"}.
struct AuditParty {
    std::string type;
    std::string id;
};

struct AuditEntry {
    int64_t seq = 0;  // within the team: 0, 1, 2, …
    TimePoint at{};
    std::string tenant{};  // the team's id; "instance" for what concerns no team
    AuditParty actor{};
    std::string action{};  // "key.create"
    AuditParty target{};
    std::string outcome = "ok";
    std::string reason{};
    std::string address{};  // of the client
    std::string request_id{};
    std::vector<AuditChange> diff{};
};

/// The row as it is stored, exported, and hashed. What is empty is left out.
/// Numbers beyond 2^53 become strings, because a JSON reader may round them.
/// Source: RFC 8785 (JCS).
std::string canonical(const AuditEntry& entry);

/// Where a team's chain ends.
struct AuditHead {
    int64_t next_seq = 0;
    Digest chain{};  // zeros before the first row

    friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// The head after a row with these bytes.
AuditHead chained(const AuditHead& before, std::string_view canonical);

struct AuditRow {
    int64_t seq = 0;
    std::string canonical;
    Digest chain{};
};

/// Makes the row that comes next. `entry` gets its seq from `head`.
AuditRow next_row(const AuditHead& head, AuditEntry entry);

/// Checks a team's rows in their order, page by page.
class AuditVerifier {
public:
    explicit AuditVerifier(std::string tenant) : tenant_(std::move(tenant)) {}

    /// Errors: InvalidRequest, with the seq of the first row that is wrong: one is missing or is
    /// there twice, it is another team's, or its bytes or its chain were altered.
    Result<void> add(const AuditRow& row);

    const AuditHead& head() const { return head_; }

private:
    std::string tenant_;
    AuditHead head_;
};

}  // namespace keywarden
