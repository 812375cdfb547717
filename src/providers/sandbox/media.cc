#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>
#include <utility>

#include "base/crypto.h"
#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Images and audio. Source: OpenAI's API reference, "Images" and "Audio".

namespace keywarden {
namespace {

constexpr int64_t kImagesMax = 10;
constexpr uint32_t kImageSide = 16;
constexpr uint32_t kSampleRate = 8000;
constexpr size_t kSamplesOfAWord = kSampleRate / 10;
constexpr size_t kWordsSpokenMax = 100;
constexpr size_t kBytesOfASecond = 32'000;  // of a file that is "heard": a usual bit rate

void append_be32(std::string& out, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

void append_le(std::string& out, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

void append_png_chunk(std::string& out, std::string_view type, std::string_view data) {
    append_be32(out, static_cast<uint32_t>(data.size()));
    const std::string checked = std::string(type) + std::string(data);
    out += checked;
    append_be32(out, crc32(checked));
}

/// A square of one colour, stored without compression.
/// Source: RFC 2083 (PNG), RFC 1950 and 1951 (zlib, stored blocks, Adler-32).
std::string make_png(uint64_t seed) {
    SeededNumbers numbers(seed);
    const uint64_t colour = numbers.next();
    std::string pixels;
    for (uint32_t row = 0; row < kImageSide; ++row) {
        pixels += '\0';  // no filter
        for (uint32_t column = 0; column < kImageSide; ++column) {
            append_le(pixels, static_cast<uint32_t>(colour & 0xffffff), 3);
        }
    }
    uint32_t a = 1;
    uint32_t b = 0;
    for (const char c : pixels) {
        a = (a + static_cast<unsigned char>(c)) % 65521;
        b = (b + a) % 65521;
    }
    std::string data("\x78\x01\x01", 3);
    append_le(data, static_cast<uint32_t>(pixels.size()), 2);
    append_le(data, ~static_cast<uint32_t>(pixels.size()), 2);
    data += pixels;
    append_be32(data, b << 16 | a);

    std::string head;
    append_be32(head, kImageSide);
    append_be32(head, kImageSide);
    head += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB
    std::string png("\x89PNG\r\n\x1a\n");
    append_png_chunk(png, "IHDR", head);
    append_png_chunk(png, "IDAT", data);
    append_png_chunk(png, "IEND", "");
    return png;
}

Result<SandboxAnswer> make_images(const SandboxCall& call, const std::string& prompt) {
    TRY(const auto asked, read_integer(call.body, "n", 1, kImagesMax));
    TRY(const std::string size, read_string(call.body, "size"));
    TRY(const std::string format, read_string(call.body, "response_format"));
    TRY(const bool stream, read_bool(call.body, "stream"));
    if (stream) return bad_field("stream", "is not supported by the sandbox for images");
    const int64_t count = asked.value_or(1);
    OrderedJson data = OrderedJson::array();
    for (int64_t i = 0; i < count; ++i) {
        const std::string image = to_base64(make_png(seed_of(prompt, static_cast<uint64_t>(i))));
        const bool url = format == "url";
        data.push_back({{url ? "url" : "b64_json", (url ? "data:image/png;base64," : "") + image}});
    }
    const size_t tokens = count_words(prompt);
    return whole_answer(to_text(
        OrderedJson{{"created", kSandboxCreated},
                    {"output_format", "png"},
                    {"size", size.empty() ? "1024x1024" : size},
                    {"data", data},
                    {"usage",
                     {{"total_tokens", tokens + static_cast<size_t>(count)},
                      {"input_tokens", tokens},
                      {"output_tokens", count},
                      {"input_tokens_details", {{"text_tokens", tokens}, {"image_tokens", 0}}}}}}));
}

/// A soft tone, a tenth of a second a word.
std::string make_samples(size_t words) {
    std::string samples;
    for (size_t i = 0; i < words * kSamplesOfAWord; ++i) {
        const double time = static_cast<double>(i) / kSampleRate;
        const double wave = std::sin(2 * std::numbers::pi * 440 * time);
        append_le(samples, static_cast<uint32_t>(static_cast<int16_t>(wave * 8000)), 2);
    }
    return samples;
}

/// Source: the RIFF WAVE format, 16-bit PCM, one channel.
std::string make_wav(const std::string& samples) {
    const auto length = static_cast<uint32_t>(samples.size());
    std::string wav = "RIFF";
    append_le(wav, 36 + length, 4);
    wav += "WAVEfmt ";
    append_le(wav, 16, 4);
    append_le(wav, 1, 2);  // PCM
    append_le(wav, 1, 2);  // channels
    append_le(wav, kSampleRate, 4);
    append_le(wav, kSampleRate * 2, 4);
    append_le(wav, 2, 2);
    append_le(wav, 16, 2);
    wav += "data";
    append_le(wav, length, 4);
    return wav + samples;
}

struct Heard {
    std::string text{};
    size_t seconds = 1;
    size_t tokens = 0;
};

Result<Heard> hear(const Json& body) {
    const Json* file = find_field(body, "file");
    const Json* bytes = file == nullptr ? nullptr : find_field(*file, "bytes");
    if (bytes == nullptr || !bytes->is_number_unsigned()) {
        return bad_field("file", "is missing, or is not a file of a form");
    }
    const auto length = bytes->get<size_t>();
    Heard heard;
    heard.seconds = length / kBytesOfASecond + 1;
    heard.text =
        fmt::format("This is the Keywarden sandbox: it was sent {} bytes of audio.", length);
    heard.tokens = count_words(heard.text);
    return heard;
}

std::string clock(size_t seconds, char point) {
    return fmt::format(
        "{:02}:{:02}:{:02}{}000", seconds / 3600, seconds / 60 % 60, seconds % 60, point);
}

OrderedJson verbose(const Heard& heard, bool translated) {
    const OrderedJson segment = {{"id", 0},
                                 {"seek", 0},
                                 {"start", 0.0},
                                 {"end", heard.seconds},
                                 {"text", heard.text},
                                 {"tokens", OrderedJson::array()},
                                 {"temperature", 0.0},
                                 {"avg_logprob", 0.0},
                                 {"compression_ratio", 1.0},
                                 {"no_speech_prob", 0.0}};
    return {{"task", translated ? "translate" : "transcribe"},
            {"language", "english"},
            {"duration", heard.seconds},
            {"text", heard.text},
            {"segments", OrderedJson::array({segment})},
            {"usage", {{"type", "duration"}, {"seconds", heard.seconds}}}};
}

SandboxAnswer stream_heard(const SandboxCall& call, const Heard& heard) {
    const OrderedJson usage = {{"type", "tokens"},
                               {"input_tokens", heard.seconds},
                               {"output_tokens", heard.tokens},
                               {"total_tokens", heard.seconds + heard.tokens}};
    std::vector<SandboxSteps::Part> parts;
    const OrderedJson delta = {{"type", "transcript.text.delta"}, {"delta", kHole}};
    add_pieces(parts,
               split_at_hole(data_frame(delta).before),
               heard.text,
               call.controls,
               PieceKind::Words);
    parts.push_back(
        data_frame({{"type", "transcript.text.done"}, {"text", heard.text}, {"usage", usage}}));
    return streamed_answer(std::move(parts));
}

}  // namespace

Result<SandboxAnswer> answer_images(const SandboxCall& call) {
    TRY(const std::string prompt, read_string(call.body, "prompt"));
    if (prompt.empty()) return bad_field("prompt", "is missing");
    return make_images(call, prompt);
}

Result<SandboxAnswer> answer_image_files(const SandboxCall& call) {
    const Json* image = find_field(call.body, "image");
    if (image == nullptr || !image->is_object()) return bad_field("image", "is missing");
    TRY(const std::string prompt, read_string(call.body, "prompt"));
    return make_images(call, prompt);
}

Result<SandboxAnswer> answer_speech(const SandboxCall& call) {
    TRY(const std::string input, read_string(call.body, "input"));
    if (input.empty()) return bad_field("input", "is missing");
    TRY(const std::string format, read_string(call.body, "response_format"));
    TRY(const std::string streaming, read_string(call.body, "stream_format"));
    if (streaming == "sse") return bad_field("stream_format", "must be audio in the sandbox");
    std::string samples = make_samples(std::min(count_words(input), kWordsSpokenMax));
    if (format == "pcm") return whole_answer(std::move(samples), "audio/pcm");
    return whole_answer(make_wav(samples), "audio/wav");
}

Result<SandboxAnswer> answer_transcriptions(const SandboxCall& call) {
    TRY(const Heard heard, hear(call.body));
    TRY(const std::string format, read_string(call.body, "response_format"));
    TRY(const bool stream, read_bool(call.body, "stream"));
    if (stream) return stream_heard(call, heard);
    if (format.empty() || format == "json") {
        return whole_answer(to_text(OrderedJson{
            {"text", heard.text}, {"usage", {{"type", "duration"}, {"seconds", heard.seconds}}}}));
    }
    if (format == "text") return whole_answer(heard.text + "\n", "text/plain; charset=utf-8");
    if (format == "verbose_json") {
        return whole_answer(to_text(verbose(heard, call.translates)));
    }
    const bool vtt = format == "vtt";
    if (!vtt && format != "srt") {
        return bad_field("response_format", "must be json, text, srt, verbose_json or vtt");
    }
    const char point = vtt ? '.' : ',';
    const std::string cue =
        clock(0, point) + " --> " + clock(heard.seconds, point) + "\n" + heard.text + "\n\n";
    return whole_answer((vtt ? "WEBVTT\n\n" : "1\n") + cue, "text/plain; charset=utf-8");
}

}  // namespace keywarden
