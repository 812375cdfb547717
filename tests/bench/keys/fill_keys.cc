// Adds very many keys to a gateway's database, whose start is then measured.
//
//   fill_keys DATABASE COUNT     the gateway must not be running; nobody knows the keys' secrets
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/keys/many_keys.h"

int main(int count, char** arguments) {
    using keywarden::KeyFormats;
    if (count != 3) {
        std::fprintf(stderr, "usage: fill_keys DATABASE COUNT\n");
        return EXIT_FAILURE;
    }
    const auto formats =
        KeyFormats::open({"keywarden"}, keywarden::Secret("a pepper for benchmarks"));
    if (!formats) return EXIT_FAILURE;
    keywarden::fill_with_keys(arguments[1], std::atoll(arguments[2]), 1, *formats);
    return EXIT_SUCCESS;
}
