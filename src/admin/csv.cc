#include "admin/csv.h"

#include <algorithm>

namespace keywarden {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "-12.5": what a spreadsheet reads as itself.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && is_digit(text.front()) && is_digit(text.back()) &&
           std::ranges::count(text, '.') <= 1 &&
           std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
}

bool is_formula(std::string_view text) {
    return !text.empty() && std::string_view("=+-@\t\r\n").contains(text.front()) &&
           !is_number(text);
}

const Json* member_of(const Json& record, std::string_view member) {
    const Json* value = &record;
    while (true) {
        const size_t dot = member.find('.');
        const auto found = value->is_object() ? value->find(member.substr(0, dot)) : value->end();
        if (found == value->end()) return nullptr;
        value = &*found;
        if (dot == std::string_view::npos) return value;
        member.remove_prefix(dot + 1);
    }
}

std::string text_of(const Json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array()) return dump(value);
    std::string text;
    for (const Json& each : value) text += (text.empty() ? "" : " ") + text_of(each);
    return text;
}

void append_cell(std::string& out, std::string text) {
    if (is_formula(text)) text.insert(0, 1, '\'');
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

/// The media types of an Accept, without what follows their ';'.
bool names_type(std::string_view accept, std::string_view type) {
    while (!accept.empty()) {
        const std::string_view one = accept.substr(0, accept.find(','));
        accept.remove_prefix(std::min(accept.size(), one.size() + 1));
        std::string_view name = one.substr(0, one.find(';'));
        while (name.starts_with(' ')) name.remove_prefix(1);
        while (name.ends_with(' ')) name.remove_suffix(1);
        if (equal_ignoring_case(name, type)) return true;
    }
    return false;
}

}  // namespace

Result<bool> wants_csv(const HttpRequest& request, std::string_view format) {
    if (format == "csv" || format == "json") return format == "csv";
    if (!format.empty()) return fail_field("format", "must be \"csv\" or \"json\"");
    const std::string_view accept = request.header("Accept");
    return names_type(accept, "text/csv") && !names_type(accept, "application/json");
}

std::string csv(std::span<const CsvColumn> columns, const Json& records) {
    std::string out;
    const auto add_line = [&](const auto& cell_of) {
        for (size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) out += ',';
            append_cell(out, cell_of(columns[i]));
        }
        out += "\r\n";
    };
    add_line([](const CsvColumn& column) {
        return std::string(column.head.empty() ? column.member : column.head);
    });
    for (const Json& record : records) {
        add_line([&record](const CsvColumn& column) {
            const Json* const value = member_of(record, column.member);
            return value == nullptr ? std::string() : text_of(*value);
        });
    }
    return out;
}

HttpResponse csv_response(std::string body, std::string_view file_name, std::string_view next) {
    HttpResponse response = {
        .status = 200,
        .headers = {{"Content-Type", "text/csv; charset=utf-8; header=present"},
                    {"Content-Disposition",
                     "attachment; filename=\"" + std::string(file_name) + ".csv\""},
                    {"Cache-Control", "no-store"}},
        .body = std::move(body)};
    if (!next.empty()) set_header(response, "x-keywarden-next", next);
    return response;
}

}  // namespace keywarden
