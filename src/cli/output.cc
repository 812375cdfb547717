#include "cli/output.h"

#include <algorithm>
#include <fmt/format.h>
#include <istream>
#include <ostream>

namespace keywarden {
namespace {

/// Characters, not bytes: a masked key has a "…" in it.
size_t width_of(std::string_view text) {
    return static_cast<size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // 8-bit escapes, in UTF-8
        const bool is_control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
        out += is_c1 || is_control ? '?' : text[i];
        if (is_c1) ++i;
    }
    return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows, bool color) {
    std::vector<size_t> widths;
    std::vector<std::vector<std::string>> cells = rows;
    for (auto& row : cells) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(row[i]);
            std::ranges::replace(row[i], '\n', ' ');
            std::ranges::replace(row[i], '\t', ' ');
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    }
    std::string out;
    for (size_t r = 0; r < cells.size(); ++r) {
        std::string line;
        for (size_t i = 0; i < cells[r].size(); ++i) {
            line += cells[r][i];
            if (i + 1 < cells[r].size()) line.append(widths[i] - width_of(cells[r][i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += color && r == 0 ? fmt::format("\033[1m{}\033[0m\n", line) : line + "\n";
    }
    return out;
}

Result<void> confirm(Session& session, const Arguments& arguments, std::string_view question) {
    if (arguments.has("yes")) return {};
    Terminal& terminal = session.terminal;
    if (!terminal.in_is_terminal) {
        return fail(
            ErrorCode::InvalidRequest,
            fmt::format("{} There is no terminal to answer at: say so with --yes", question));
    }
    terminal.err << printable(question) << " [y/N] " << std::flush;
    std::string answer;
    std::getline(terminal.in, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") return {};
    return fail(ErrorCode::InvalidRequest, "not confirmed: nothing was changed");
}

}  // namespace keywarden
