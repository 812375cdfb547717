// A tool of any dialect, as the ranker reads it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "providers/tools.h"

namespace keywarden {
namespace {

/// Walks over JSON that has been checked before, once, from its beginning to its end. Whatever the
/// bytes are, it stays inside them.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    /// The first byte of the next value, `}` or `]`; 0 at the end.
    char next() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    /// Calls `use` with the key of each member of the object that comes next. It must walk over the
    /// member's value.
    template <class Use>
    void for_each_member(Use use) {
        ++at_;
        while (next() == '"') {
            const std::string_view key = take_string();
            if (next() == ':') ++at_;
            use(key);
            if (next() == ',') ++at_;
        }
        if (next() == '}') ++at_;
    }

    /// The same of an array.
    template <class Use>
    void for_each_element(Use use) {
        ++at_;
        while (next() != ']' && next() != '\0') {
            const size_t before = at_;
            use();
            if (next() == ',') ++at_;
            if (at_ == before) break;
        }
        if (next() == ']') ++at_;
    }

    /// Between its quotes, as it is written.
    std::string_view take_string() {
        const size_t begin = ++at_;
        while (at_ < text_.size()) {
            const void* quote = std::memchr(text_.data() + at_, '"', text_.size() - at_);
            if (quote == nullptr) break;
            const auto end = static_cast<size_t>(static_cast<const char*>(quote) - text_.data());
            size_t escapes = end;
            while (escapes > begin && text_[escapes - 1] == '\\') --escapes;
            at_ = end + 1;
            if ((end - escapes) % 2 == 0) return text_.substr(begin, end - begin);
        }
        at_ = text_.size();
        return text_.substr(std::min(begin, text_.size()));
    }

    void skip() {
        size_t depth = 0;
        do {
            const char c = next();
            if (c == '\0') return;
            if (c == '"') {
                take_string();
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && depth > 0) --depth;
            ++at_;
            if (depth == 0 && c != '}' && c != ']') skip_word();
        } while (depth > 0);
    }

private:
    static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
    void skip_word() {
        constexpr std::string_view kEnds = ",]} \t\r\n";
        while (at_ < text_.size() && kEnds.find(text_[at_]) == std::string_view::npos) ++at_;
    }

    std::string_view text_;
    size_t at_ = 0;
};

std::optional<uint32_t> hexadecimal(std::string_view digits) {
    uint32_t value = 0;
    for (const char c : digits) {
        const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        const bool is_digit = lower >= '0' && lower <= '9';
        if (!is_digit && (lower < 'a' || lower > 'f')) return std::nullopt;
        value = value * 16 + static_cast<uint32_t>(is_digit ? lower - '0' : lower - 'a' + 10);
    }
    return value;
}

void append_utf8(std::string& out, uint32_t c) {
    const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6U));
        put(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xF0U | (c >> 18U));
        put(0x80U | ((c >> 12U) & 0x3FU));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
}

/// What `\uXXXX` at `at` stands for, both halves of a pair; half of one is left out.
void append_escaped(std::string_view text, size_t& at, std::string& out) {
    const auto unit_at = [&](size_t begin) -> std::optional<uint32_t> {
        if (begin + 6 > text.size() || text.substr(begin, 2) != "\\u") return std::nullopt;
        return hexadecimal(text.substr(begin + 2, 4));
    };
    const std::optional<uint32_t> first = unit_at(at);
    at += 6;
    if (!first) return;
    if (*first < 0xD800 || *first > 0xDFFF) return append_utf8(out, *first);
    const std::optional<uint32_t> second = unit_at(at);
    if (*first > 0xDBFF || !second || *second < 0xDC00 || *second > 0xDFFF) return;
    at += 6;
    append_utf8(out, 0x10000 + ((*first - 0xD800) << 10U) + (*second - 0xDC00));
}

/// Appends a string as it is meant, up to the bound of a text.
void append_text(std::string_view raw, std::string& out) {
    raw = raw.substr(0, kToolTextBytesMax - std::min(out.size(), kToolTextBytesMax));
    if (raw.find('\\') == std::string_view::npos) {
        out += raw;
        return;
    }
    for (size_t at = 0; at < raw.size();) {
        if (raw[at] != '\\' || at + 1 == raw.size()) {
            out += raw[at++];
        } else if (raw[at + 1] == 'u') {
            append_escaped(raw, at, out);
        } else {
            constexpr std::string_view kEscapes = "bfnrt";
            constexpr std::string_view kMeant = "\b\f\n\r\t";
            const size_t kind = kEscapes.find(raw[at + 1]);
            out += kind == std::string_view::npos ? raw[at + 1] : kMeant[kind];
            at += 2;
        }
    }
}

class DefinitionReader {
public:
    explicit DefinitionReader(std::string_view json) : cursor_(json) {}

    std::optional<ToolDefinition> read(ToolDialect dialect) {
        if (cursor_.next() != '{') return std::nullopt;
        if (dialect == ToolDialect::Converse) {
            read_inside("toolSpec");
        } else {
            read_entry(dialect);
        }
        const size_t bytes = tool_.name.size();
        if (!is_function_ || bytes == 0 || bytes > kToolNameBytesMax) return std::nullopt;
        return std::move(tool_);
    }

private:
    void read_inside(std::string_view member) {
        is_function_ = false;
        cursor_.for_each_member([&](std::string_view key) {
            if (key != member || cursor_.next() != '{') return cursor_.skip();
            is_function_ = true;
            read_function();
        });
    }

    void read_entry(ToolDialect dialect) {
        const std::string_view plain = dialect == ToolDialect::Messages ? "custom" : "function";
        cursor_.for_each_member([&](std::string_view key) {
            if (key == "type" && cursor_.next() == '"') {
                is_function_ = cursor_.take_string() == plain;
            } else if (key == "function" && dialect == ToolDialect::Chat && cursor_.next() == '{') {
                read_function();
            } else {
                read_member(key);
            }
        });
    }

    void read_function() {
        cursor_.for_each_member([&](std::string_view key) { read_member(key); });
    }

    void read_member(std::string_view key) {
        const char next = cursor_.next();
        if (key == "name" && next == '"') {
            tool_.name.clear();
            append_text(cursor_.take_string(), tool_.name);
        } else if (key == "description" && next == '"') {
            tool_.description.clear();
            append_text(cursor_.take_string(), tool_.description);
        } else if ((key == "parameters" || key == "input_schema") && next == '{') {
            read_schema(0);
        } else if (key == "inputSchema" && next == '{') {
            cursor_.for_each_member([&](std::string_view inner) {
                if (inner != "json" || cursor_.next() != '{') return cursor_.skip();
                read_schema(0);
            });
        } else {
            cursor_.skip();
        }
    }

    void read_schema(int depth) {
        cursor_.for_each_member([&](std::string_view key) {
            if (!read_schema_member(key, depth)) cursor_.skip();
        });
    }

    /// Whether that is what a schema says of what it holds.
    bool read_schema_member(std::string_view key, int depth) {
        const char next = cursor_.next();
        if (key == "properties" && next == '{' && depth <= kToolSchemaDepthMax) {
            cursor_.for_each_member([&](std::string_view name) { read_parameter(name, depth); });
            return true;
        }
        if (key == "required" && next == '[' && depth == 0) {
            cursor_.for_each_element([&] { read_required(); });
            return true;
        }
        return false;
    }

    void read_required() {
        if (cursor_.next() != '"') return cursor_.skip();
        const std::string_view name = cursor_.take_string();
        if (tool_.required.size() == kToolParametersMax) return;
        append_text(name, tool_.required.emplace_back());
    }

    void read_parameter(std::string_view name, int depth) {
        if (tool_.parameter_count == kToolParametersMax) return cursor_.skip();
        ++tool_.parameter_count;
        append_text(name, tool_.parameter_names);
        tool_.parameter_names += ' ';
        if (cursor_.next() != '{') return cursor_.skip();
        cursor_.for_each_member([&](std::string_view key) {
            const char next = cursor_.next();
            if (key == "description" && next == '"') {
                add_description();
            } else if (key == "enum" && next == '[') {
                read_values();
            } else if (key == "items" && next == '{') {
                read_schema(depth + 1);
            } else if (!read_schema_member(key, depth + 1)) {
                cursor_.skip();
            }
        });
    }

    void read_values() {
        size_t count = 0;
        cursor_.for_each_element([&] {
            if (count++ >= kToolEnumValuesMax || cursor_.next() != '"') return cursor_.skip();
            add_description();
        });
    }

    void add_description() {
        append_text(cursor_.take_string(), tool_.parameter_descriptions);
        tool_.parameter_descriptions += ' ';
    }

    Cursor cursor_;
    ToolDefinition tool_;
    bool is_function_ = true;
};

template <ToolDialect kDialect>
std::optional<ToolDefinition> read_of(std::string_view json) {
    return read_tool_definition(kDialect, json);
}

}  // namespace

std::optional<ToolDefinition> read_tool_definition(ToolDialect dialect, std::string_view json) {
    if (json.size() > kToolBytesMax) return std::nullopt;
    return DefinitionReader(json).read(dialect);
}

ReadToolDefinition tool_reader(ToolDialect dialect) {
    constexpr std::array kReaders = {read_of<ToolDialect::Chat>,
                                     read_of<ToolDialect::Responses>,
                                     read_of<ToolDialect::Messages>,
                                     read_of<ToolDialect::Converse>};
    return kReaders[static_cast<size_t>(dialect)];
}

}  // namespace keywarden
