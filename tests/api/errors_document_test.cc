// docs/reference/errors.md is what the error table says. KEYWARDEN_UPDATE_DOCS=1 writes it anew.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "admin/error_docs.h"
#include "base/error.h"
#include "base/error_body.h"

namespace keywarden {
namespace {

TEST(ErrorsDocument, IsWhatTheTableSays) {
    const std::string path = KEYWARDEN_ROOT "/docs/reference/errors.md";
    const std::string made = errors_markdown();
    if (std::getenv("KEYWARDEN_UPDATE_DOCS") != nullptr) {
        std::ofstream(path, std::ios::binary) << made;
        return;
    }
    std::ostringstream there;
    there << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_TRUE(there.str() == made) << "docs/reference/errors.md is not what base/error.cc says: "
                                        "run KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/api/api_test";
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
