// The built-in formats. Adding one: a row here; docs/reference/key-formats.md is made from them.
#include "domain/key_format.h"

namespace keywarden {
namespace {

using enum Segment::Kind;

Segment literal(std::string_view text) { return {.kind = Literal, .text = std::string(text)}; }

Segment piece(Segment::Kind kind, size_t length, std::string_view alphabet) {
    return {.kind = kind,
            .length_min = length,
            .length_max = length,
            .alphabet = std::string(alphabet)};
}

/// What a person can see: ASCII without spaces and control characters.
std::string visible_characters() {
    std::string all;
    for (char c = '!'; c <= '~'; ++c) all.push_back(c);
    return all;
}

std::vector<KeyFormat> make_formats() {
    return {
        {.name = "keywarden",
         .shapes = {{literal("kw_"),
                     {.kind = Environment},
                     literal("_"),
                     piece(Id, 12, kBase62),
                     literal("_"),
                     piece(SecretText, 43, kBase62),
                     {.kind = Check}}},
         .hash = KeyFormat::Hash::HmacOfWhole},
        {.name = "orqen",
         .shapes = {{literal("sk-orq-"), piece(SecretText, 64, kHexLower)}},
         .hash = KeyFormat::Hash::Sha256OfWhole},
        {.name = "orbitkit",
         .shapes = {{literal("ok_"),
                     piece(Id, 8, kBase58),
                     literal("_"),
                     piece(SecretText, 24, kBase58)}},
         .hash = KeyFormat::Hash::SecretBoundToId},
        {.name = "orgn",
         .shapes = {{literal("sk-ollm-"), piece(SecretText, 32, kBase36Lower)},
                    {literal("sk-ollm-"),
                     piece(Id, 12, kBase62),
                     literal("-"),
                     piece(SecretText, 48, kBase62)}},
         .hash = KeyFormat::Hash::Sha256OfWhole},
        {.name = "opaque",
         .shapes = {{{.kind = SecretText,
                      .length_min = 20,
                      .length_max = kPresentedMax,
                      .alphabet = visible_characters()}}},
         .hash = KeyFormat::Hash::Sha256OfWhole,
         .can_be_minted = false},
    };
}

}  // namespace

const std::vector<KeyFormat>& built_in_key_formats() {
    static const std::vector<KeyFormat> kFormats = make_formats();
    return kFormats;
}

}  // namespace keywarden
