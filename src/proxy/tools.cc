#include "proxy/tools.h"

#include <array>
#include <memory>
#include <utility>

#include "domain/compiled_policy.h"
#include "proxy/call.h"
#include "proxy/endpoints.h"
#include "proxy/translation.h"

namespace keywarden {
namespace {

struct Row {
    std::string_view path;
    ToolDialect dialect;
};

constexpr std::array kRows = {
    Row{"/v1/chat/completions", ToolDialect::Chat},
    Row{"/v1/completions", ToolDialect::Chat},
    Row{"/v1/responses", ToolDialect::Responses},
    Row{"/v1/messages", ToolDialect::Messages},
    Row{"/v1/messages/count_tokens", ToolDialect::Messages},
    Row{"/model/{id}/converse", ToolDialect::Converse},
    Row{"/model/{id}/converse-stream", ToolDialect::Converse},
};

}  // namespace

std::optional<ToolDialect> tool_dialect_of(std::string_view path) {
    for (const Row& row : kRows) {
        if (row.path == path) return row.dialect;
    }
    return std::nullopt;
}

Result<void> apply_tool_lists(Call* call, const PolicyReading& reading) {
    if (!any_has(reading.chain(), PolicyRule::Tools) || call->tools != nullptr) return {};
    const auto dialect = tool_dialect_of(call->facts->path);
    if (!dialect) return {};
    auto tools = std::make_unique<CallTools>(ToolLists(reading.chain()));
    tools->on_forbidden = call->proxy->parts().forbidden_call;
    TRY(PrunedRequest pruned, prune_tools(*dialect, call->request->json.text(), tools->lists));
    tools->offered = pruned.offered;
    tools->kept = pruned.kept;
    if (pruned.body) {
        auto body = std::make_unique<PrunedBody>();
        body->text = *std::move(pruned.body);
        TRY_VOID(dialect == ToolDialect::Converse ? body->json.read_converse(body->text)
                                                  : body->json.read(body->text));
        call->request->pruned = std::move(body);
    }
    call->tools = std::move(tools);
    return {};
}

ToolDialect answer_dialect_of(const Call& call) {
    return tool_dialect_of(provider_route(call)).value_or(ToolDialect::Chat);
}

}  // namespace keywarden
