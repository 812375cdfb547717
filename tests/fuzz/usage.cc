#include <string>

#include "proxy/meter.h"
#include "tests/fuzz/targets.h"

namespace keywarden {

// The usage found does not depend on where the bytes are cut.
void fuzz_usage(std::string_view input) {
    UsageMeter whole;
    whole.feed(std::string(input));
    if (input.size() > kByteByByteMax) return;
    UsageMeter bytewise;
    for (const char c : input) bytewise.feed({&c, 1});
    must(whole.usage() == bytewise.usage());
}

}  // namespace keywarden
