#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

// libFuzzer's entry: its name is not ours to choose.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);   // NOLINT
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    keywarden::KEYWARDEN_FUZZ_TARGET(input);
    return 0;
}
