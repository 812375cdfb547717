// The reference documents are what the tables say. KEYWARDEN_UPDATE_DOCS=1 writes them anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "app/config_reference.h"
#include "cli/cli_reference.h"
#include "domain/key_format_reference.h"

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
        << "docs/reference/" << name
        << " is not what the table says: run KEYWARDEN_UPDATE_DOCS=1 build/dev/app_test";
}

TEST(Reference, ConfigIsWhatTheTableSays) { expect_document("config.md", config_reference()); }

TEST(Reference, CliIsWhatTheTableSays) { expect_document("cli.md", cli_reference()); }

TEST(Reference, KeyFormatsAreWhatTheTableSays) {
    expect_document("key-formats.md", key_formats_reference());
}

}  // namespace
}  // namespace keywarden
