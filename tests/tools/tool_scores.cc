// Reads requests of OpenAI's dialect, one a line, and writes the score of each of their tools.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "domain/tool_ranker.h"
#include "providers/tools.h"
#include "tests/tools/requests.h"

int main() {
    using namespace keywarden;
    ToolRanker ranker;
    ToolQuery query;
    for (std::string line; std::getline(std::cin, line);) {
        const ToolRequest request(nlohmann::json::parse(line));
        std::vector<std::shared_ptr<const ToolProfile>> profiles;
        for (const std::string& tool : request.tools) {
            const auto definition = read_tool_definition(ToolDialect::Chat, tool);
            profiles.push_back(
                definition ? std::make_shared<const ToolProfile>(make_tool_profile(*definition))
                           : nullptr);
        }
        const ToolPool pool(profiles);
        query.read(request.turns());
        for (const float score : ranker.rank(pool, query)) {
            std::printf("%.7g ", static_cast<double>(score));
        }
        std::printf("\n");
    }
}
