#include "base/error.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(ErrorTable, EverySlugIsUniqueAndLowerSnake) {
    std::set<std::string_view> seen;
    for (const ErrorInfo& row : all_errors()) {
        EXPECT_TRUE(seen.insert(row.slug).second) << row.slug;
        EXPECT_TRUE(std::ranges::all_of(row.slug, [](char c) {
            return c == '_' || (c >= 'a' && c <= 'z');
        })) << row.slug;
    }
}

TEST(ErrorTable, EveryRowSaysWhatToDo) {
    for (const ErrorInfo& row : all_errors()) {
        EXPECT_FALSE(row.help.empty()) << row.slug;
        EXPECT_TRUE(row.help.ends_with('.')) << row.slug;
        EXPECT_TRUE(row.http_status == 0 || (row.http_status >= 400 && row.http_status < 600));
    }
}

TEST(ErrorTable, PaymentIsNeverA429BecauseSdksRetryThose) {
    EXPECT_EQ(info(ErrorCode::InsufficientCredits).http_status, 402);
    EXPECT_EQ(info(ErrorCode::InvoiceOverdue).http_status, 402);
}

}  // namespace
}  // namespace keywarden
