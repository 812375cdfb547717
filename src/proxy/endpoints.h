// The endpoints that are relayed to providers: one row each.
#pragma once

#include <cstdint>
#include <span>

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
};

/// All rows, in the order of the router.
std::span<const Endpoint> endpoints();

}  // namespace keywarden
