#include "cli/csv.h"

#include <algorithm>
#include <fmt/format.h>

namespace keywarden {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What is left to read, and where it is.
struct Reader {
    std::string_view rest;
    size_t line = 1;

    std::unexpected<Error> wrong(std::string_view what) const {
        return fail(ErrorCode::InvalidRequest, fmt::format("line {}: {}", line, what));
    }

    /// Takes off the end of a line, if that is next.
    bool take_end() {
        const size_t length = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
        rest.remove_prefix(length);
        line += length > 0 ? 1 : 0;
        return length > 0 || rest.empty();
    }

    Result<std::string> quoted() {
        const Reader start = *this;
        std::string cell;
        rest.remove_prefix(1);
        while (true) {
            const size_t end = rest.find('"');
            if (end == std::string_view::npos) return start.wrong("a quote does not end");
            cell += rest.substr(0, end);
            line += static_cast<size_t>(std::ranges::count(rest.substr(0, end), '\n'));
            rest.remove_prefix(end + 1);
            if (!rest.starts_with('"')) return cell;
            cell += '"';
            rest.remove_prefix(1);
        }
    }

    Result<std::string> cell() {
        if (rest.starts_with('"')) return quoted();
        const size_t end = std::min(rest.find_first_of(",\r\n"), rest.size());
        std::string cell(rest.substr(0, end));
        rest.remove_prefix(end);
        if (cell.find('"') != cell.npos) return wrong("a quote within a cell that has none around");
        return cell;
    }
};

}  // namespace

Result<std::vector<std::vector<std::string>>> read_csv(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Reader reader{.rest = text};
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> row;
    while (!reader.rest.empty()) {
        if (row.empty() && reader.take_end()) continue;
        TRY(std::string cell, reader.cell());
        row.push_back(std::move(cell));
        if (reader.rest.starts_with(',')) {
            reader.rest.remove_prefix(1);
            if (!reader.rest.empty()) continue;
            row.emplace_back();  // the last cell of the file is empty
        }
        if (!reader.take_end()) return reader.wrong("something follows a quote's end");
        rows.push_back(std::exchange(row, {}));
    }
    return rows;
}

}  // namespace keywarden
