// The reference documents are what the tables say. KEYWARDEN_UPDATE_DOCS=1 writes them anew.
#include <gtest/gtest.h>

#include "app/config_reference.h"
#include "app/metrics_text.h"
#include "cli/cli_reference.h"
#include "domain/key_format_reference.h"
#include "domain/price_reference.h"
#include "providers/provider.h"
#include "tests/reference/document.h"

namespace keywarden {
namespace {

TEST(Reference, ConfigIsWhatTheTableSays) {
    test::expect_document("config.md", config_reference(), "tests/reference/reference_test");
}

TEST(Reference, CliIsWhatTheTableSays) {
    test::expect_document("cli.md", cli_reference(), "tests/reference/reference_test");
}

TEST(Reference, KeyFormatsAreWhatTheTableSays) {
    test::expect_document(
        "key-formats.md", key_formats_reference(), "tests/reference/reference_test");
}

TEST(Reference, PricesAreWhatTheBookSays) {
    test::expect_document("prices.md", prices_reference(), "tests/reference/reference_test");
}

TEST(Reference, ProvidersAreWhatTheTableSays) {
    test::expect_document("providers.md", provider_reference(), "tests/reference/reference_test");
}

TEST(Reference, MetricsAreWhatTheTableSays) {
    test::expect_document("metrics.md", metrics_reference(), "tests/reference/reference_test");
}

}  // namespace
}  // namespace keywarden
