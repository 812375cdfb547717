#include "cli/yaml.h"

#include <string>

#include "tests/fuzz/targets.h"

namespace keywarden {

// What a policy file says is said again by what is written of it; what is refused says where.
void fuzz_yaml(std::string_view input) {
    const Result<YamlFile> file = read_yaml(input);
    if (!file) {
        must(file.error().code == ErrorCode::InvalidRequest);
        must(file.error().message.find(':') != std::string::npos);
        return;
    }
    must(file->places.contains(""));
    file->place_of("teams[0].name");
    const Result<YamlFile> again = read_yaml(write_yaml(file->value));
    must(again && again->value == file->value);
}

}  // namespace keywarden
