// JSON as YAML, as a person would write it.
#include <algorithm>
#include <string>

#include "cli/yaml.h"

namespace keywarden {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr size_t kFlowListMax = 80;  // characters of a list that stands on one line

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether every reader takes the text without quotes for that text.
bool is_plain(const std::string& text) {
    if (text.empty() || text.back() == ' ') return false;
    // A moment is as good as a word, but a number is not.
    const bool is_moment = text.size() > 10 && text[4] == '-' && text.back() == 'Z';
    if (!is_letter(text.front()) && !(is_moment && is_digit(text.front()))) return false;
    const auto fits = [&](char c) {
        return is_letter(c) || is_digit(c) || std::string_view(" _-./@+").contains(c) ||
               (is_moment && c == ':');
    };
    if (!std::ranges::all_of(text, fits)) return false;
    const auto read = read_yaml(text);
    return read && read->value == text;
}

std::string scalar(const Ordered& value) {
    if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value;
    const auto dumped = [&](bool ascii) {
        return value.dump(-1, ' ', ascii, Ordered::error_handler_t::replace);
    };
    std::string out = dumped(false);
    if (!value.is_string()) return out;
    const auto back = read_yaml(out + ": 1");  // YAML's own ends of lines have to be escaped
    return back && back->value.contains(value.get<std::string>()) ? out : dumped(true);
}

bool is_empty(const Ordered& value) { return value.is_structured() && value.empty(); }

/// A list of scalars on one line; empty when it is no such thing.
std::string flow_list(const Ordered& value) {
    const auto is_scalar = [](const Ordered& each) { return !each.is_structured(); };
    if (!value.is_array() || !std::ranges::all_of(value, is_scalar)) return {};
    std::string out = "[";
    for (const Ordered& each : value) out += (out.size() > 1 ? ", " : "") + scalar(each);
    out += "]";
    return out.size() <= kFlowListMax ? out : std::string();
}

void write(const Ordered& value, size_t indent, std::string& out);

/// What comes after "name:" or "-".
void write_value(const Ordered& value, size_t indent, std::string& out) {
    if (!value.is_structured() || is_empty(value)) {
        out += " " + scalar(value) + "\n";
        return;
    }
    if (const std::string flow = flow_list(value); !flow.empty()) {
        out += " " + flow + "\n";
        return;
    }
    out += "\n";
    write(value, indent, out);
}

void write(const Ordered& value, size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    if (value.is_array()) {
        for (const Ordered& each : value) {
            if (!each.is_object() || each.empty()) {
                out += margin + "-";
                write_value(each, indent + 2, out);
                continue;
            }
            std::string item;  // its first member stands behind the dash
            write(each, indent + 2, item);
            item[indent] = '-';
            out += item;
        }
        return;
    }
    for (const auto& [name, each] : value.items()) {
        out += margin + scalar(name) + ":";
        write_value(each, indent + 2, out);
    }
}

}  // namespace

std::string write_yaml(const Ordered& value) {
    if (!value.is_structured() || is_empty(value)) return scalar(value) + "\n";
    std::string out;
    write(value, 0, out);
    return out;
}

}  // namespace keywarden
