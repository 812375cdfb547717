// The endpoints that are relayed to providers: one row each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "domain/route.h"

namespace keywarden {

enum class BodyForm : uint8_t {
    None,       // answered here: the model list
    Json,       // read whole, governed fields found and edited
    Multipart,  // streams through; `model` is a form field
};

struct Endpoint {
    RouteFacts facts;
    BodyForm body;
    bool streams_usage;    // a stream tells its usage only if stream_options asks for it
    bool is_free = false;  // no model works for it
    /// Of the console's: which one it is, once the person acts as a key. Else empty.
    std::string_view acts_as{};
};

/// All rows, in the order of the router.
std::span<const Endpoint> endpoints();

/// The row of a path, which is there.
size_t endpoint_row(std::string_view path);

}  // namespace keywarden
