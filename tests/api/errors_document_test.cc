// docs/reference/errors.md is what the error table says. KEYWARDEN_UPDATE_DOCS=1 writes it anew.
#include <string>

#include <gtest/gtest.h>

#include "admin/error_docs.h"
#include "base/error.h"
#include "base/error_body.h"
#include "tests/reference/document.h"

namespace keywarden {
namespace {

TEST(ErrorsDocument, IsWhatTheTableSays) {
    test::expect_document("errors.md", errors_markdown(), "tests/api/api_test");
}

TEST(ErrorsDocument, EveryCodeHasItsPlaceOnThePageThatErrorsPointAt) {
    const std::string page = errors_html();
    for (const ErrorInfo& row : all_errors()) {
        const std::string anchor = "id=\"" + std::string(row.slug) + "\"";
        EXPECT_NE(page.find(anchor), std::string::npos) << row.slug;
        EXPECT_EQ(doc_url(row.code), "/docs/errors#" + std::string(row.slug));
    }
}

}  // namespace
}  // namespace keywarden
