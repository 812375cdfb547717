#include "domain/key_format.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

std::string alphabet_named(const std::string& name) {
    if (name == "base62") return std::string(kBase62);
    if (name == "base58") return std::string(kBase58);
    if (name == "hex-lower") return std::string(kHexLower);
    if (name == "base36-lower") return std::string(kBase36Lower);
    std::string visible;
    for (char c = '!'; c <= '~'; ++c) visible.push_back(c);
    return visible;
}

Segment read_piece(Segment::Kind kind, const Json& piece) {
    const Json& length = piece.at("len");
    return {.kind = kind,
            .length_min = length.is_array() ? length[0].get<size_t>() : length.get<size_t>(),
            .length_max = length.is_array() ? length[1].get<size_t>() : length.get<size_t>(),
            .alphabet = alphabet_named(piece.at("alphabet"))};
}

Segment read_segment(const Json& segment) {
    if (segment.contains("env")) return {.kind = Segment::Kind::Environment};
    if (segment.contains("check")) return {.kind = Segment::Kind::Check};
    if (segment.contains("kid")) return read_piece(Segment::Kind::Id, segment.at("kid"));
    if (segment.contains("secret")) {
        return read_piece(Segment::Kind::SecretText, segment.at("secret"));
    }
    return {.kind = Segment::Kind::Literal, .text = segment.at("lit")};
}

/// The vectors' own formats, so that formats are shown to be data.
KeyFormat read_format(const Json& json) {
    KeyFormat format{.name = json.at("id"), .shapes = {{}}};
    const std::string prefix = json.at("prefix");
    std::vector<Segment>& shape = format.shapes[0];
    if (!prefix.empty()) shape.push_back({.kind = Segment::Kind::Literal, .text = prefix});
    for (const Json& segment : json.at("segments")) shape.push_back(read_segment(segment));
    const Json& hash = json.at("hash");
    if (hash.at("alg") == "hmac-sha256") format.hash = KeyFormat::Hash::HmacOfWhole;
    if (hash.at("over") == "secret") format.hash = KeyFormat::Hash::SecretBoundToId;
    format.can_be_minted = !prefix.empty();
    return format;
}

KeyFormats read_formats(const Json& vectors, bool with_opaque) {
    std::vector<KeyFormat> formats;
    for (const Json& json : vectors.at("formats")) {
        if (with_opaque || json.at("prefix") != "") formats.push_back(read_format(json));
    }
    auto opened = KeyFormats::of(std::move(formats), Secret("a pepper for tests"));
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
}

TEST(KeyFormatVectors, EachCaseIsJudgedAsWritten) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/key_formats.json");
    const Json vectors = read_vectors("keywarden/key_formats.json");
    const KeyFormats formats = read_formats(vectors, false);
    for (const Json& one : vectors.at("cases")) {
        const std::string text = one.at("in");
        SCOPED_TRACE(text);
        const auto parsed = formats.parse(text);
        ASSERT_EQ(parsed.has_value(), one.at("ok").get<bool>()) << one.value("why", "");
        if (!parsed) continue;
        EXPECT_EQ(formats.all()[parsed->format].name, one.at("format").get<std::string>());
        EXPECT_EQ(parsed->environment, one.value("env", ""));
        EXPECT_EQ(parsed->id, one.value("kid", ""));
        if (one.contains("secret_sha256_hex")) {
            EXPECT_EQ(to_hex(sha256(parsed->secret)),
                      one.at("secret_sha256_hex").get<std::string>());
            EXPECT_EQ(formats.digest(text, parsed),
                      stored_digest(parsed->id, sha256(parsed->secret)));
        }
    }
}

TEST(KeyFormatVectors, AFormatWithoutAPrefixRescuesNothing) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/key_formats.json");
    const Json vectors = read_vectors("keywarden/key_formats.json");
    const KeyFormats formats = read_formats(vectors, true);
    for (const Json& one : vectors.at("cases")) {
        const std::string text = one.at("in");
        if (one.at("ok") || !text.starts_with("agw_")) continue;
        EXPECT_FALSE(formats.parse(text)) << text;
    }
}

TEST(KeyFormatVectors, ScannersAreToldTheSame) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/key_formats.json");
    for (const Json& json : read_vectors("keywarden/key_formats.json").at("formats")) {
        const Json& regex = json.at("scanner_regex");
        EXPECT_EQ(KeyFormats::scanner_regex(read_format(json)),
                  regex.is_null() ? "" : regex.get<std::string>());
    }
}

TEST(KeyFormatVectors, ChecksumsAreThoseOfTheVectors) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/crc32_base62.json");
    for (const Json& one : read_vectors("keywarden/crc32_base62.json").at("vectors")) {
        const auto crc =
            static_cast<uint32_t>(std::stoul(one.at("crc32_hex").get<std::string>(), nullptr, 16));
        EXPECT_EQ(base62_of_crc32(crc), one.at("crc32_base62_w6").get<std::string>());
        if (one.contains("input")) EXPECT_EQ(crc32(one.at("input").get<std::string>()), crc);
    }
}

}  // namespace
}  // namespace keywarden
