#include "domain/price_fields.h"

#include <array>

namespace keywarden {
namespace {

using P = Price;
using enum PriceUnit;

constexpr bool kRequired = true;
constexpr bool kOptional = false;

constexpr std::array kFields = {
    PriceField{"input", PerMillion, &P::input, kRequired, "Tokens that are sent."},
    PriceField{"output", PerMillion, &P::output, kRequired, "Tokens that are written."},
    PriceField{"cached_input",
               PerMillion,
               &P::cached_input,
               kOptional,
               "Input that the provider had in its cache; else as input."},
    PriceField{"cache_write",
               PerMillion,
               &P::cache_write,
               kOptional,
               "Input that it put into its cache; else as input."},
    PriceField{"cache_write_1h",
               PerMillion,
               &P::cache_write_1h,
               kOptional,
               "Of that, what is kept there for an hour; else as cache_write."},
    PriceField{"reasoning",
               PerMillion,
               &P::reasoning,
               kOptional,
               "Output that the model thought and did not say; else as output."},
    PriceField{"audio_input", PerMillion, &P::audio_input, kOptional, "Sound; else as input."},
    PriceField{"audio_output", PerMillion, &P::audio_output, kOptional, "Sound; else as output."},
    PriceField{"per_request", PerCall, &P::per_request, kOptional, "A call, whatever it uses."},
    PriceField{"per_image", PerImage, &P::per_image, kOptional, "An image that was made."},
    PriceField{"long_context_above",
               Tokens,
               &P::long_context_above,
               kOptional,
               "A call with more input than so many tokens costs the long_ prices, all of it; 0 or "
               "absent: there are none."},
    PriceField{"long_input", PerMillion, &P::long_input, kOptional, "Input of such a call."},
    PriceField{"long_output", PerMillion, &P::long_output, kOptional, "Output of such a call."},
    PriceField{"long_cached_input",
               PerMillion,
               &P::long_cached_input,
               kOptional,
               "Cached input of such a call; else as its input or as cached_input, whichever is "
               "more."},
    PriceField{"long_cache_write",
               PerMillion,
               &P::long_cache_write,
               kOptional,
               "Cache writes of such a call; else as its input or as cache_write, whichever is "
               "more."},
    PriceField{"long_cache_write_1h",
               PerMillion,
               &P::long_cache_write_1h,
               kOptional,
               "Of those, what is kept for an hour; else as long_cache_write or as cache_write_1h, "
               "whichever is more."},
    PriceField{"context_tokens_max",
               Tokens,
               &P::context_tokens_max,
               kOptional,
               "The most input and output together; 0 or absent: as the book says, if it does."},
    PriceField{"output_tokens_max",
               Tokens,
               &P::output_tokens_max,
               kOptional,
               "The most output of a call: what is held for one that names no max_tokens; 0 or "
               "absent: as the book says, if it does."},
};

}  // namespace

std::optional<int64_t> PriceField::get(const Price& price) const {
    if (const auto* const own = std::get_if<std::optional<int64_t> P::*>(&member)) {
        return price.*(*own);
    }
    const int64_t value = price.*(std::get<int64_t P::*>(member));
    if (value == 0 && !is_required) return std::nullopt;
    return value;
}

void PriceField::set(Price& price, std::optional<int64_t> value) const {
    if (const auto* const own = std::get_if<std::optional<int64_t> P::*>(&member)) {
        price.*(*own) = value;
    } else {
        price.*(std::get<int64_t P::*>(member)) = value.value_or(0);
    }
}

std::span<const PriceField> price_fields() { return kFields; }

}  // namespace keywarden
