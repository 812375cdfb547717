// The documents of policy are what its tables say. KEYWARDEN_UPDATE_DOCS=1 writes them anew.
#include "domain/policy_reference.h"

#include <gtest/gtest.h>

#include "tests/reference/document.h"

namespace keywarden {
namespace {

TEST(PolicyReference, PermissionsAreWhatTheTableSays) {
    test::expect_document(
        "permissions.md", permissions_markdown(), "tests/reference/reference_test");
}

TEST(PolicyReference, LimitsAreWhatTheTablesSay) {
    test::expect_document("limits.md", limits_markdown(), "tests/reference/reference_test");
}

}  // namespace
}  // namespace keywarden
