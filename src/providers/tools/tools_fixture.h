// For tests of lists of tools: lists, and clients that read what comes of an answer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/event_stream.h"
#include "domain/compiled_policy.h"
#include "domain/sse.h"
#include "domain/tool_lists.h"
#include "providers/tools.h"

namespace keywarden::tools {

using json = nlohmann::ordered_json;

/// "github_*,-shell": entries of the list of allowed ones, and, behind a '-', of denied ones.
/// "none" allows nothing, and a list of denied ones alone restricts nothing else.
inline Policy policy_of(std::string_view entries) {
    Policy policy;
    if (entries == "none") {
        policy.tools.allow.emplace();
        return policy;
    }
    while (!entries.empty()) {
        const size_t end = entries.find(',');
        const std::string_view entry = entries.substr(0, end);
        entries.remove_prefix(end == std::string_view::npos ? entries.size() : end + 1);
        if (entry.starts_with('-')) {
            policy.tools.deny.push_back(*Glob::parse_any(entry.substr(1)));
        } else {
            if (!policy.tools.allow) policy.tools.allow.emplace();
            policy.tools.allow->push_back(*Glob::parse_any(entry));
        }
    }
    return policy;
}

/// Of a team and of a key of it.
class Lists {
public:
    explicit Lists(std::string_view key, std::string_view team = {}) {
        add(Scope::Team, team);
        add(Scope::Key, key);
    }
    ToolLists lists() const { return ToolLists(links_); }

private:
    void add(Scope scope, std::string_view entries) {
        if (entries.empty()) return;
        policies_.push_back(std::make_shared<const CompiledPolicy>(policy_of(entries)));
        links_.push_back({scope, policies_.back().get()});
    }
    std::vector<std::shared_ptr<const CompiledPolicy>> policies_{};
    std::vector<PolicyLink> links_{};
};

/// What a client has of an answer: "get_weather({}) | text | stop".
struct Seen {
    std::vector<std::string> calls{};
    std::string text{};
    std::string stop{};

    std::string line() const {
        constexpr std::string_view kNote = "[A tool call was removed here: the ";
        std::string out;
        for (const std::string& call : calls) out += (out.empty() ? "" : ", ") + call;
        std::string said = text;
        for (size_t at = said.find(kNote); at != said.npos; at = said.find(kNote)) {
            const size_t end = said.find(']', at);
            const size_t who = at + kNote.size();
            said.replace(
                at, end + 1 - at, "<" + said.substr(who, said.find('\'', who) - who) + ">");
        }
        return out + " | " + said + " | " + stop;
    }
};

inline std::string error_line(const Error& error) {
    return "error " + std::string(info(error.code).slug);
}

/// Feeds a stream in two pieces, cut there; npos: byte by byte.
inline Result<std::string> feed_cut(ToolDialect dialect,
                                    const ToolJudge& judge,
                                    std::string_view stream,
                                    size_t cut) {
    ToolStream filter(dialect, judge);
    std::string out;
    if (cut == std::string_view::npos) {
        for (const char& c : stream) TRY_VOID(filter.feed({&c, 1}, out));
    } else {
        TRY_VOID(filter.feed(stream.substr(0, cut), out));
        TRY_VOID(filter.feed(stream.substr(cut), out));
    }
    TRY_VOID(filter.finish(out));
    return out;
}

/// The same, wherever the stream is cut: what comes of it must not depend on that.
inline Result<std::string> feed_all_cuts(ToolDialect dialect,
                                         const ToolJudge& judge,
                                         std::string_view stream) {
    const auto whole = feed_cut(dialect, judge, stream, 0);
    const auto is_same = [&](const Result<std::string>& other) {
        if (whole.has_value() != other.has_value()) return false;
        return whole ? *whole == *other : whole.error().code == other.error().code;
    };
    for (size_t cut = 1; cut < stream.size(); ++cut) {
        EXPECT_TRUE(is_same(feed_cut(dialect, judge, stream, cut))) << "cut at " << cut;
    }
    EXPECT_TRUE(is_same(feed_cut(dialect, judge, stream, std::string_view::npos)));
    return whole;
}

/// The data of all events, as a client parses them.
inline std::vector<json> events_of(std::string_view stream) {
    SseSplitter splitter;
    std::vector<json> events;
    while (!stream.empty()) {
        const auto event = splitter.next(stream);
        if (!event || !*event || !(*event)->has_data || (*event)->data == "[DONE]") continue;
        events.push_back(json::parse((*event)->data));
    }
    return events;
}

}  // namespace keywarden::tools
