// The documents of policy are what its tables say. KEYWARDEN_UPDATE_DOCS=1 writes them anew.
#include "domain/policy_reference.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

void expect_document(const std::string& name, const std::string& made) {
    const std::string path = std::string(KEYWARDEN_ROOT) + "/docs/reference/" + name;
    if (std::getenv("KEYWARDEN_UPDATE_DOCS") != nullptr) {
        std::ofstream(path, std::ios::binary) << made;
        return;
    }
    std::ostringstream there;
    there << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_TRUE(there.str() == made)
        << "docs/reference/" << name << " is not what the tables say: run "
        << "KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test";
}

TEST(PolicyReference, PermissionsAreWhatTheTableSays) {
    expect_document("permissions.md", permissions_markdown());
}

TEST(PolicyReference, LimitsAreWhatTheTablesSay) {
    expect_document("limits.md", limits_markdown());
}

}  // namespace
}  // namespace keywarden
