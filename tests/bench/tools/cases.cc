#include "tests/bench/tools/cases.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/crypto.h"

namespace keywarden {
namespace {

using nlohmann::json;

constexpr size_t kBytesPerToken = 4;

struct Tools {
    std::vector<json> functions;
    std::vector<std::string> groups;
};

/// As toollib.py does: server by server, in an order of chance that is the same each time.
std::vector<size_t> pool_of(const json& conversation, const Tools& tools, size_t count) {
    std::vector<size_t> ids = conversation.at("gold").get<std::vector<size_t>>();
    const auto distractors = conversation.at("dis").get<std::vector<size_t>>();
    for (const size_t id : distractors) {
        if (ids.size() >= count) break;
        ids.push_back(id);
    }
    const std::string prefix =
        conversation.at("id").get<std::string>() + ":" + std::to_string(count) + ":";
    const auto order = [&](size_t id) { return std::pair(sha256(prefix + tools.groups[id]), id); };
    std::ranges::sort(ids, {}, order);
    return ids;
}

ToolConversation read_conversation(const json& line, const Tools& tools, size_t count) {
    ToolConversation conversation;
    conversation.source = line.at("src");
    json body = {{"messages", line.at("messages")}, {"tools", json::array()}};
    for (const size_t id : pool_of(line, tools, count)) {
        body["tools"].push_back({{"type", "function"}, {"function", tools.functions[id]}});
        conversation.names.push_back(tools.functions[id].at("name"));
    }
    for (const json& message : line.at("messages")) {
        conversation.message_tokens.push_back(message.dump().size() / kBytesPerToken);
    }
    conversation.request = std::make_unique<ToolRequest>(body);
    const auto& texts = conversation.request->tools;
    conversation.tools.assign(texts.begin(), texts.end());
    return conversation;
}

}  // namespace

std::vector<ToolConversation> read_conversations(const std::string& path, size_t count) {
    Tools tools;
    std::vector<ToolConversation> conversations;
    std::map<std::string, std::pair<size_t, std::vector<size_t>>> places;
    std::ifstream file(path);
    for (std::string text; std::getline(file, text);) {
        const json line = json::parse(text);
        const std::string kind = line.at("k");
        if (kind == "tool") {
            tools.functions.push_back(line.at("f"));
            tools.groups.push_back(line.at("g"));
        } else if (kind == "conv") {
            places[line.at("id")] = {conversations.size(), pool_of(line, tools, count)};
            conversations.push_back(read_conversation(line, tools, count));
        } else {
            const auto& [place, pool] = places.at(line.at("conv"));
            const auto places_of = [&](const json& ids) {
                std::vector<size_t> found;
                for (const size_t id : ids) {
                    found.push_back(
                        static_cast<size_t>(std::ranges::find(pool, id) - pool.begin()));
                }
                return found;
            };
            conversations[place].cases.push_back({.turns = line.at("upto"),
                                                  .next = places_of(line.at("next")),
                                                  .need = places_of(line.at("need"))});
        }
    }
    for (ToolConversation& conversation : conversations) {
        std::ranges::sort(conversation.cases, {}, &ToolCase::turns);
    }
    return conversations;
}

}  // namespace keywarden
