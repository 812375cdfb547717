// Where the shared test vectors are. They are data of others and are never copied in here.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace keywarden {

/// $KEYWARDEN_VECTORS, or ../shared/vectors from the project's root.
inline std::filesystem::path vectors_folder() {
    const char* set = std::getenv("KEYWARDEN_VECTORS");
    return set != nullptr ? set : KEYWARDEN_ROOT "/../shared/vectors";
}

inline nlohmann::json read_vectors(const std::string& name) {
    std::ifstream file(vectors_folder() / name);
    return nlohmann::json::parse(file);
}

/// In a test's body: skips it, and says which folder was looked in, where there is no such file.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): GTEST_SKIP returns from the test
#define KEYWARDEN_NEEDS_VECTORS_(name)                       \
    if (!std::filesystem::exists(vectors_folder() / (name))) \
    GTEST_SKIP() << "no " << (name) << " in " << vectors_folder()

}  // namespace keywarden
