// Requests of OpenAI's dialect, as the choice of tools looks at them.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "domain/tool_turn.h"

namespace keywarden {

/// Keeps the texts that its turns are views of.
class ToolRequest {
public:
    explicit ToolRequest(const nlohmann::json& body) {
        for (const auto& tool : body.at("tools")) tools.push_back(tool.dump());
        for (const auto& message : body.at("messages")) add(message);
    }
    ToolRequest(const ToolRequest&) = delete;
    ToolRequest& operator=(const ToolRequest&) = delete;

    std::span<const ToolTurn> turns() const { return turns_; }

    std::vector<std::string> tools;  // as JSON

private:
    void add(const nlohmann::json& message) {
        const std::string& role = message.at("role").get_ref<const std::string&>();
        const auto content = message.value("content", nlohmann::json());
        std::string& text =
            texts_.emplace_back(content.is_string() ? content.get<std::string>() : "");
        std::vector<std::string_view>& calls = calls_.emplace_back();
        for (const auto& call : message.value("tool_calls", nlohmann::json::array())) {
            calls.push_back(texts_.emplace_back(call.at("function").at("name").get<std::string>()));
        }
        turns_.push_back({.role = role == "user"        ? ToolRole::User
                                  : role == "assistant" ? ToolRole::Assistant
                                  : role == "tool"      ? ToolRole::Tool
                                                        : ToolRole::System,
                          .text = text,
                          .calls = calls});
    }

    std::deque<std::string> texts_;
    std::deque<std::vector<std::string_view>> calls_;
    std::vector<ToolTurn> turns_;
};

}  // namespace keywarden
