// A value that fits a JSON schema, in the cases that tools and structured outputs use.
#pragma once

#include <cstdint>

#include "providers/sandbox/fields.h"

namespace keywarden {

/// Understands type (one or a list), properties, required, items, prefixItems, enum, const,
/// default, anyOf, oneOf, allOf, $ref within the schema, the bounds of numbers, lengths and
/// counts, multipleOf, and the formats date, date-time, time, email, hostname, ipv4, ipv6, uri
/// and uuid. Not: pattern, not, if. The same seed gives the same value.
/// A schema that is no object, or too large, gives null, or as much as fits its bounds.
OrderedJson value_for_schema(const Json& schema, uint64_t seed);

}  // namespace keywarden
