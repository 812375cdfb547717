// Documents that are made from the tables in the code.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace keywarden::test {

/// Expects docs/reference/`name` to be what was made; with KEYWARDEN_UPDATE_DOCS=1, writes it.
/// `program` is the test program to run for that, below build/dev.
inline void expect_document(const std::string& name,
                            const std::string& made,
                            const std::string& program) {
    const std::string path = std::string(KEYWARDEN_ROOT) + "/docs/reference/" + name;
    if (std::getenv("KEYWARDEN_UPDATE_DOCS") != nullptr) {
        std::ofstream(path, std::ios::binary) << made;
        return;
    }
    std::ostringstream there;
    there << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_TRUE(there.str() == made)
        << "docs/reference/" << name
        << " is not what the tables say: run KEYWARDEN_UPDATE_DOCS=1 build/dev/" << program;
}

}  // namespace keywarden::test
