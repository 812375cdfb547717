#include "cli/yaml.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>
#include <vector>
#include <yaml.h>

namespace keywarden {
namespace {

using Ordered = nlohmann::ordered_json;

/// A thing of the file, with where it stands.
struct Node {
    YamlPlace place{};
    Ordered scalar{};       // null, a switch, a number or a text; or what kind of structure this is
    bool is_merge = false;  // "<<", without quotes
    std::vector<Node> items{};
    std::vector<std::pair<Node, Node>> members{};

    bool is_mapping() const { return scalar.is_object(); }
    bool is_list() const { return scalar.is_array(); }
    size_t size() const {
        size_t out = 1;
        for (const Node& item : items) out += item.size();
        for (const auto& [name, value] : members) out += 1 + value.size();
        return out;
    }
};

YamlPlace place_of_mark(const yaml_mark_t& mark) { return {mark.line + 1, mark.column + 1}; }

std::unexpected<Error> wrong(YamlPlace place, std::string_view what) {
    return fail(ErrorCode::InvalidRequest,
                fmt::format("{}:{}: {}", place.line, place.column, what));
}

bool is_one_of(std::string_view text, std::span<const std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) {
        return std::ranges::equal(word, text, {}, {}, [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    });
}

constexpr std::array<std::string_view, 4> kSwitches = {"yes", "no", "on", "off"};
constexpr std::array<std::string_view, 3> kWords = {"true", "false", "null"};

/// Whether some reader of YAML takes the text for a number.
bool looks_like_number(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with('.')) text.remove_prefix(1);
    if (is_one_of(text, std::array<std::string_view, 2>{"inf", "nan"})) return true;
    if (text.empty() || text[0] < '0' || text[0] > '9') return false;
    // A moment, an address, a version of three parts: no reader takes these for a number.
    const bool is_plain = text.find_first_not_of("0123456789abcdefABCDEFxXoO_.:+-") == text.npos;
    return is_plain && std::ranges::count(text, '-') < 2 && std::ranges::count(text, '.') < 2 &&
           text.find("::") == text.npos;
}

/// What a text without quotes means; nothing where that is not certain.
std::optional<Ordered> plain_value(std::string_view text) {
    if (text.empty() || text == "~" || text == "null") return Ordered(nullptr);
    if (text == "true") return Ordered(true);
    if (text == "false") return Ordered(false);
    if (is_one_of(text, kSwitches) || is_one_of(text, kWords)) return std::nullopt;
    if (!looks_like_number(text)) return Ordered(std::string(text));
    int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    const bool padded = digits.size() > 1 && digits[0] == '0';  // 010 is eight to some
    if (problem != std::errc() || stop != end || padded) return std::nullopt;
    return Ordered(number);
}

/// libyaml's events, one after the other, into nodes.
class Reader {
public:
    explicit Reader(std::string_view text) {
        ready_ = yaml_parser_initialize(&parser_) == 1;
        if (!ready_) return;
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libyaml reads bytes
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        yaml_parser_set_input_string(&parser_, bytes, text.size());
    }
    ~Reader() {
        forget();
        if (ready_) yaml_parser_delete(&parser_);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// The one document's value.
    Result<Node> read() {
        if (!ready_) {
            return fail(ErrorCode::InternalError, "YAML cannot be read for want of memory.");
        }
        TRY_VOID(next());  // the stream begins
        TRY_VOID(next());
        if (event_.type == YAML_STREAM_END_EVENT) return wrong({1, 1}, "The file says nothing.");
        TRY_VOID(next());  // the document has begun
        TRY(Node root, node(0));
        TRY_VOID(next());  // the document ends
        TRY_VOID(next());
        if (event_.type != YAML_STREAM_END_EVENT) {
            return wrong(place(), "A second document begins here: a file holds one.");
        }
        return root;
    }

private:
    void forget() {
        if (std::exchange(has_event_, false)) yaml_event_delete(&event_);
    }

    YamlPlace place() const { return place_of_mark(event_.start_mark); }

    Result<void> next() {
        forget();
        if (yaml_parser_parse(&parser_, &event_) != 1) return explain();
        has_event_ = true;
        return {};
    }

    std::unexpected<Error> explain() const {
        const std::string_view problem =
            parser_.problem != nullptr ? parser_.problem : "this is not YAML";
        YamlPlace where = place_of_mark(parser_.problem_mark);
        std::string says = fmt::format("{}.", problem);
        if (problem.find("cannot start any token") != problem.npos) {
            says += " A tab cannot be used to indent; texts with special characters need quotes.";
        }
        if (parser_.error == YAML_READER_ERROR) {
            where = {1, 1};
            says = fmt::format("{}, at byte {}.", problem, parser_.problem_offset);
        }
        return wrong(where, says);
    }

    Result<void> count(size_t more, YamlPlace at) {
        nodes_ += more;
        if (nodes_ <= kYamlNodesMax) return {};
        return wrong(at,
                     fmt::format("The file holds more than {} values, aliases counted as what they "
                                 "stand for.",
                                 kYamlNodesMax));
    }

    /// The node that the event just read begins.
    Result<Node> node(int depth) {
        const YamlPlace at = place();
        TRY_VOID(count(1, at));
        if (depth > kYamlDepthMax) {
            return wrong(at, fmt::format("This is more than {} levels deep.", kYamlDepthMax));
        }
        switch (event_.type) {
            case YAML_ALIAS_EVENT:
                return alias(at);
            case YAML_SCALAR_EVENT:
                return scalar(at);
            case YAML_SEQUENCE_START_EVENT:
                return list(at, depth);
            case YAML_MAPPING_START_EVENT:
                return mapping(at, depth);
            default:
                return wrong(at, "A value is expected here.");
        }
    }

    Result<Node> alias(YamlPlace at) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libyaml's texts are bytes
        const std::string name(reinterpret_cast<const char*>(event_.data.alias.anchor));
        if (open_.contains(name)) {
            return wrong(at, fmt::format("*{} is inside of what it stands for: a circle.", name));
        }
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) {
            return wrong(at, fmt::format("There is no &{} before this.", name));
        }
        TRY_VOID(count(found->second.size(), at));
        return found->second;
    }

    static std::string text_of(const unsigned char* bytes) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libyaml's texts are bytes
        return bytes == nullptr ? std::string() : reinterpret_cast<const char*>(bytes);
    }

    static Result<void> refuse_tag(const unsigned char* tag, YamlPlace at) {
        if (tag == nullptr) return {};
        return wrong(at, fmt::format("Tags are not read here: leave out '{}'.", text_of(tag)));
    }

    Result<Node> scalar(YamlPlace at) {
        const auto& data = event_.data.scalar;
        TRY_VOID(refuse_tag(data.tag, at));
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libyaml's texts are bytes
        const std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
        Node out{.place = at};
        if (data.style == YAML_PLAIN_SCALAR_STYLE) {
            const auto value = plain_value(text);
            if (!value) {
                return wrong(
                    at,
                    fmt::format("'{0}' is read in more than one way: write \"{0}\" for the "
                                "text, or true, false, null, or a whole number.",
                                text));
            }
            out.scalar = *value;
            out.is_merge = text == "<<";
        } else {
            out.scalar = std::string(text);
        }
        keep(text_of(data.anchor), out);
        return out;
    }

    Result<Node> list(YamlPlace at, int depth) {
        TRY_VOID(refuse_tag(event_.data.sequence_start.tag, at));
        const std::string anchor = text_of(event_.data.sequence_start.anchor);
        open_.insert(anchor);
        Node out{.place = at, .scalar = Ordered::array()};
        TRY_VOID(next());
        while (event_.type != YAML_SEQUENCE_END_EVENT) {
            TRY(Node item, node(depth + 1));
            out.items.push_back(std::move(item));
            TRY_VOID(next());
        }
        keep(anchor, out);
        return out;
    }

    Result<Node> mapping(YamlPlace at, int depth) {
        TRY_VOID(refuse_tag(event_.data.mapping_start.tag, at));
        const std::string anchor = text_of(event_.data.mapping_start.anchor);
        open_.insert(anchor);
        Node out{.place = at, .scalar = Ordered::object()};
        std::map<std::string, YamlPlace> names;
        std::vector<Node> merged;
        TRY_VOID(next());
        while (event_.type != YAML_MAPPING_END_EVENT) {
            TRY(Node name, node(depth + 1));
            TRY_VOID(name_of(name));
            TRY_VOID(next());
            TRY(Node value, node(depth + 1));
            TRY_VOID(next());
            const auto& text = name.scalar.get_ref<const std::string&>();
            const auto [known, is_new] = names.emplace(text, name.place);
            if (!is_new) {
                return wrong(
                    name.place,
                    fmt::format(
                        "'{}' is there twice: first in line {}.", text, known->second.line));
            }
            if (name.is_merge) {
                merged.push_back(std::move(value));
            } else {
                out.members.emplace_back(std::move(name), std::move(value));
            }
        }
        for (const Node& value : merged) TRY_VOID(merge(value, names, out));
        keep(anchor, out);
        return out;
    }

    /// A member's name is a text, however it looks.
    static Result<void> name_of(Node& name) {
        if (name.scalar.is_string()) return {};
        return wrong(name.place, "The name of a member must be a text: put it into quotes.");
    }

    /// What `<<` brings in: members that are not there themselves.
    Result<void> merge(const Node& value, std::map<std::string, YamlPlace>& names, Node& out) {
        if (value.is_list()) {
            for (const Node& item : value.items) TRY_VOID(merge(item, names, out));
            return {};
        }
        if (!value.is_mapping()) {
            return wrong(value.place, "'<<' takes in a mapping, or a list of mappings.");
        }
        for (const auto& member : value.members) {
            const auto& text = member.first.scalar.get_ref<const std::string&>();
            if (names.emplace(text, member.first.place).second) out.members.push_back(member);
        }
        return {};
    }

    void keep(const std::string& anchor, const Node& node) {
        if (anchor.empty()) return;
        open_.erase(anchor);
        anchors_[anchor] = node;
    }

    yaml_parser_t parser_{};
    yaml_event_t event_{};
    bool ready_ = false;
    bool has_event_ = false;
    size_t nodes_ = 0;
    std::map<std::string, Node> anchors_;
    std::set<std::string> open_;  // anchors of what is being read
};

/// The node as JSON; notes where everything stands.
Ordered value_of(const Node& node, const std::string& path, YamlFile& file) {
    file.places.emplace(path, node.place);
    if (node.is_list()) {
        Ordered out = Ordered::array();
        for (const Node& item : node.items) {
            out.push_back(value_of(item, fmt::format("{}[{}]", path, out.size()), file));
        }
        return out;
    }
    if (!node.is_mapping()) return node.scalar;
    Ordered out = Ordered::object();
    for (const auto& [name, value] : node.members) {
        const auto& text = name.scalar.get_ref<const std::string&>();
        const std::string inner = path.empty() ? text : fmt::format("{}.{}", path, text);
        file.places.emplace(inner + "@", name.place);
        out[text] = value_of(value, inner, file);
    }
    return out;
}

}  // namespace

YamlPlace YamlFile::place_of(std::string_view path, bool of_name) const {
    std::string wanted(path);
    if (of_name) {
        if (const auto found = places.find(wanted + "@"); found != places.end()) {
            return found->second;
        }
    }
    while (true) {
        if (const auto found = places.find(wanted); found != places.end()) return found->second;
        const size_t end = wanted.find_last_of(".[");
        if (end == wanted.npos) break;
        wanted.resize(end);
    }
    const auto whole = places.find("");
    return whole == places.end() ? YamlPlace{1, 1} : whole->second;
}

Result<YamlFile> read_yaml(std::string_view text) {
    if (text.size() > kYamlBytesMax) {
        return wrong({1, 1}, fmt::format("The file has more than {} bytes.", kYamlBytesMax));
    }
    TRY(const Node root, Reader(text).read());
    YamlFile out;
    out.value = value_of(root, "", out);
    return out;
}

}  // namespace keywarden
