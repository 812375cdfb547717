// keywarden audit verify: recomputes the chain of an audit log from its exported bytes.
#include "domain/audit.h"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "domain/audit_facts.h"

namespace keywarden {
namespace {

constexpr size_t kPagesMax = 100'000;  // of some thousand rows

Result<Digest> digest_of(const std::string& hex) {
    Digest digest{};
    if (hex.size() != digest.size() * 2) {
        return fail(ErrorCode::GatewayUnreachable, "the gateway's export is not as it should be");
    }
    for (size_t i = 0; i < digest.size(); ++i) {
        const auto nibble = [&](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
        digest.at(i) = static_cast<uint8_t>(nibble(hex.at(2 * i)) << 4 | nibble(hex.at(2 * i + 1)));
    }
    return digest;
}

/// Takes in the rows of one page. Returns: how many there were.
Result<int64_t> verify_page(const std::string& page, AuditVerifier& verifier) {
    int64_t count = 0;
    for (size_t start = 0; start < page.size(); ++count) {
        const size_t end = std::min(page.find('\n', start), page.size());
        TRY(const Json line, parse_object(page.substr(start, end - start)));
        TRY(const Digest chain, digest_of(shown(line, "chain")));
        TRY_VOID(verifier.add({.seq = verifier.head().next_seq,
                               .canonical = shown(line, "canonical"),
                               .chain = chain}));
        start = end + 1;
    }
    return count;
}

/// Whose log it is, as its rows say.
Result<std::string> tenant_of(Session& session, const Arguments& arguments) {
    if (arguments.has("instance")) return kInstanceTenant;
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/account"));
    TRY(const Json account, parse_object(body));
    return shown(account, "id");
}

}  // namespace

Result<int> run_audit_verify(Session& session, const Arguments& arguments) {
    const std::string_view family = arguments.has("instance") ? "admin" : "account";
    TRY(const std::string tenant, tenant_of(session, arguments));
    AuditVerifier verifier(tenant);
    for (size_t page = 0; page < kPagesMax; ++page) {
        const int64_t from = verifier.head().next_seq;
        TRY(const std::string rows,
            session.call(
                arguments, Method::Get, fmt::format("/v1/{}/audit/export?from={}", family, from)));
        const Result<int64_t> count = verify_page(rows, verifier);
        // That a log does not hold is an answer: nothing was wrong with the command.
        if (!count && count.error().code == ErrorCode::InvalidRequest) {
            session.terminal.err << printable(count.error().message) << '\n';
            return kExitFailed;
        }
        if (!count) return fail(count.error());
        if (*count == 0) break;
    }
    const AuditHead& head = verifier.head();
    if (arguments.has("json")) {
        session.terminal.out << dump({{"rows", head.next_seq}, {"head", to_hex(head.chain)}});
    } else {
        session.terminal.out << fmt::format(
            "{} rows, and each fits the one before. The head is\n"
            "{}\nKeep it elsewhere: only it shows that no row was "
            "cut off at the end.\n",
            head.next_seq,
            to_hex(head.chain));
    }
    return kExitOk;
}

}  // namespace keywarden
