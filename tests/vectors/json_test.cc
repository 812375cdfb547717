#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/json/scan.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

/// What this gateway decides where the grammar leaves it open: everything that is UTF-8 passes.
bool accepts_open_case(const std::string& name) {
    return name.starts_with("i_number") || name == "i_structure_500_nested_arrays.json" ||
           name == "i_object_key_lone_2nd_surrogate.json" ||
           (name.starts_with("i_string") && (name.find("surrogate") != std::string::npos &&
                                             name.find("U+D800") == std::string::npos));
}

TEST(JsonVectors, AcceptsAndRejectsAsTheSuiteSays) {
    KEYWARDEN_NEEDS_VECTORS_("json-parsing");
    size_t seen = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(vectors_folder() / "json-parsing")) {
        const std::string name = entry.path().filename();
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text = std::string(std::istreambuf_iterator<char>(file), {});
        // Alone, and as a member: our documents are objects.
        const bool alone = find_json_members(text, {}, {}).has_value();
        const bool inside = find_json_members("{\"a\":" + text + "}", {}, {}).has_value();
        if (alone) EXPECT_TRUE(inside) << name;
        if (!name.ends_with(".json")) continue;
        ++seen;
        const bool wanted =
            name.starts_with("y_") || (name.starts_with("i_") && accepts_open_case(name));
        EXPECT_EQ(inside, wanted) << name << ": " << text.substr(0, 80);
        const size_t first = text.find_first_not_of(" \t\r\n");
        const bool is_object = first != std::string::npos && text[first] == '{';
        EXPECT_EQ(alone, wanted && is_object) << name;
    }
    EXPECT_EQ(seen, 318U);
}

}  // namespace
}  // namespace keywarden
