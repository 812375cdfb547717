#include <algorithm>
#include <array>
#include <utility>

#include "base/base64url.h"
#include "base/crypto.h"
#include "providers/chat/converse.h"

// Source: ImageBlock, DocumentBlock, ReasoningContentBlock, and ToolUseBlock in the Bedrock Runtime
// API.

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

struct Format {
    std::string_view name;
    std::string_view type;
};
constexpr std::array kImages = {Format{"png", "image/png"},
                                Format{"jpeg", "image/jpeg"},
                                Format{"gif", "image/gif"},
                                Format{"webp", "image/webp"}};
// Those of text come as text in other dialects.
constexpr std::array kDocuments = {
    Format{"pdf", kPdf},
    Format{"txt", "text/plain"},
    Format{"csv", "text/csv"},
    Format{"html", "text/html"},
    Format{"md", "text/markdown"},
    Format{"doc", "application/msword"},
    Format{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Format{"xls", "application/vnd.ms-excel"},
    Format{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};
constexpr size_t kDocumentNameMax = 200;

template <class Formats>
std::string_view type_of(const Formats& formats, std::string_view name) {
    const auto row = std::ranges::find(formats, name, &Format::name);
    return row == formats.end() ? std::string_view() : row->type;
}

template <class Formats>
std::string_view format_of(const Formats& formats, std::string_view type) {
    const auto row = std::ranges::find(formats, type, &Format::type);
    return row == formats.end() ? std::string_view() : row->name;
}

/// As AWS writes bytes. Nothing for what is no base64.
std::optional<std::string> from_base64(std::string text) {
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    const auto bytes = from_base64url(text);
    if (!bytes) return std::nullopt;
    return std::string(bytes->reveal());
}

/// What is shown lies in the block, or is text. Errors: InvalidRequest.
Result<void> read_source(const Json& source, ChatPart& out, Leftovers& left) {
    const std::string name = out.kind == Kind::Image ? "messages.image" : "messages.document";
    if (find_field(source, "s3Location") != nullptr) {
        left.meanings.insert(name + ".s3Location");
        return {};
    }
    if (const Json* content = find_field(source, "content")) {
        for (const Json& each : *content) out.text += text_in(each, "text");
        return {};
    }
    TRY(out.text, read_string(source, "text"));
    if (!out.text.empty()) return {};
    TRY(std::string bytes, read_string(source, "bytes"));
    if (out.media.type.empty()) return bad_field("messages", "has a format that is not known");
    if (!out.media.type.starts_with("text/")) {
        out.media.base64 = std::move(bytes);
        return {};
    }
    auto text = from_base64(std::move(bytes));
    if (!text) return bad_field("messages", "has bytes that are no base64");
    out.text = *std::move(text);
    out.media.type.clear();
    return {};
}

bool may_stand_in_name(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" -()[]").contains(c);
}

/// Letters, digits, brackets, hyphens, and single spaces: what AWS takes.
std::string plain_name(std::string_view title) {
    std::string out;
    for (const char c : title.substr(0, kDocumentNameMax)) {
        const char written = may_stand_in_name(c) ? c : '-';
        const bool is_filler = written == ' ' || written == '-';
        if (is_filler && (out.empty() || out.back() == written)) continue;
        out += written;
    }
    while (out.ends_with(' ') || out.ends_with('-')) out.pop_back();
    return out;
}

}  // namespace

ModelMaker maker_of(std::string_view model) {
    if (model.contains("anthropic.")) return ModelMaker::Anthropic;
    if (model.contains("amazon.nova")) return ModelMaker::Amazon;
    return model.contains("openai.") ? ModelMaker::OpenAi : ModelMaker::Another;
}

Result<void> read_converse_media(const Json& block, ChatPart& out, Leftovers& left) {
    const bool is_image = out.kind == Kind::Image;
    TRY(const std::string format, read_string(block, "format"));
    out.media.type = is_image ? type_of(kImages, format) : type_of(kDocuments, format);
    if (!is_image) {
        TRY(out.media.name, read_string(block, "name"));
        if (find_field(block, "context") != nullptr) {
            left.meanings.insert("messages.document.context");
        }
        if (const Json* citations = find_field(block, "citations")) {
            const Json* on = find_field(*citations, "enabled");
            if (on != nullptr && *on == true) left.meanings.insert("messages.document.citations");
        }
    }
    const Json* source = find_field(block, "source");
    if (source == nullptr) return bad_field("messages", "has a block without its source");
    return read_source(*source, out, left);
}

std::string DocumentNames::name_for(const std::string& title, Leftovers& left) {
    std::string name = plain_name(title);
    if (name != title) left.hints.insert("messages.document.title");
    if (name.empty()) name = "document";
    const std::string first = name;
    for (size_t i = 2; !taken_.insert(name).second; ++i) name = first + "-" + std::to_string(i);
    return name;
}

Json converse_image(const ChatPart& part, Leftovers& left) {
    if (!part.media.detail.empty() && part.media.detail != "auto") {
        left.hints.insert("messages.image_url.detail");
    }
    const bool is_jpg = part.media.type == "image/jpg";
    const std::string_view format = is_jpg ? "jpeg" : format_of(kImages, part.media.type);
    if (part.media.base64.empty() || format.empty()) {
        left.meanings.insert(part.media.base64.empty() ? "messages.image.url"
                                                       : "messages.image.format");
        return nullptr;
    }
    return {{"image", {{"format", format}, {"source", {{"bytes", part.media.base64}}}}}};
}

Json converse_document(const ChatPart& part, DocumentNames& names, Leftovers& left) {
    const bool is_text = !part.text.empty();
    const std::string_view format = is_text ? "txt" : format_of(kDocuments, part.media.type);
    if (!is_text && (part.media.base64.empty() || format.empty())) {
        left.meanings.insert(part.media.base64.empty() ? "messages.document.source"
                                                       : "messages.file");
        return nullptr;
    }
    return {{"document",
             {{"format", format},
              {"name", names.name_for(part.media.name, left)},
              {"source", {{"bytes", is_text ? to_base64(part.text) : part.media.base64}}}}}};
}

std::optional<ChatPart> read_converse_thinking(const Json& reasoning) {
    if (const Json* text = find_field(reasoning, "reasoningText")) {
        return ChatPart{.kind = Kind::Thinking,
                        .text = text_in(*text, "text"),
                        .signature = text_in(*text, "signature")};
    }
    std::string redacted = text_in(reasoning, "redactedContent");
    if (redacted.empty()) return std::nullopt;
    return ChatPart{.kind = Kind::RedactedThinking, .text = std::move(redacted)};
}

Json converse_thinking(const ChatPart& part) {
    if (part.kind == Kind::RedactedThinking) {
        return {{"reasoningContent", {{"redactedContent", part.text}}}};
    }
    Json text = {{"text", part.text}};
    if (!part.signature.empty()) text["signature"] = part.signature;
    return {{"reasoningContent", {{"reasoningText", std::move(text)}}}};
}

Json converse_tool_use(const ChatPart& part) {
    return {{"toolUse",
             {{"toolUseId", part.id}, {"name", part.name}, {"input", tool_input(part.json)}}}};
}

std::string cited_text(const Json& block) {
    std::string out;
    const Json* content = find_field(block, "content");
    if (content == nullptr) return out;
    for (const Json& each : *content) out += text_in(each, "text");
    return out;
}

}  // namespace keywarden::chat
