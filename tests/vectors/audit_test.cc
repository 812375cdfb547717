#include "domain/audit.h"

#include "base/clock.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

AuditEntry entry_of(const nlohmann::json& json) {
    AuditEntry entry{.seq = json["seq"],
                     .at = parse_iso8601(json["ts"].get<std::string>()).value(),
                     .tenant = json["tenant"],
                     .actor = {json["actor"]["type"], json["actor"]["id"]},
                     .action = json["action"],
                     .target = {json["target"]["type"], json["target"]["id"]},
                     .outcome = json["outcome"],
                     .reason = json.value("reason", "")};
    const nlohmann::json changes = json.value("diff", nlohmann::json::object());
    for (const auto& [field, values] : changes.items()) {
        entry.diff.push_back({field, values[0].get<int64_t>(), values[1].get<int64_t>()});
    }
    return entry;
}

TEST(AuditVectors, EveryRowHasItsFormItsLeafAndItsChain) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/audit_chain.json");
    AuditHead head;
    AuditVerifier verifier("t_1");
    for (const nlohmann::json& vector : read_vectors("keywarden/audit_chain.json")["rows"]) {
        const std::string bytes = vector["canonical"];
        EXPECT_EQ(canonical(entry_of(vector["entry"])), bytes);
        EXPECT_EQ(to_hex(sha256(std::string(1, '\0') + bytes)),
                  vector["leaf_sha256"].get<std::string>());
        EXPECT_EQ(to_hex(head.chain), vector["prev"].get<std::string>());

        const AuditRow row = next_row(head, entry_of(vector["entry"]));
        EXPECT_EQ(row.canonical, bytes);
        EXPECT_EQ(to_hex(row.chain), vector["chain"].get<std::string>());
        EXPECT_TRUE(verifier.add(row));
        head = chained(head, bytes);
        EXPECT_EQ(verifier.head(), head);
    }
    EXPECT_EQ(head.next_seq, 3);
}

}  // namespace
}  // namespace keywarden
