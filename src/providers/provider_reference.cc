#include <fmt/format.h>

#include "providers/provider.h"

namespace keywarden {
namespace {

constexpr std::string_view kHead = R"(# Known providers

<!-- Made from src/providers/registry.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

Each of these needs no address: a `[[provider]]` block with its `name`, or with any name and its
`kind`, and a key where it wants one ([Connect a provider](../guide/providers.md)).
[Azure OpenAI](../providers/azure.md) needs the address of your resource, Amazon Bedrock its region.

| kind | `base_url` | its key, by custom | dialect |
|---|---|---|---|
)";

constexpr std::string_view kQuirks = R"(
## What they take otherwise

What a client says is rewritten where that means the same; all else of a body goes on byte for
byte, and what a provider then refuses, it refuses in its own words. A block has what stands here
for its `kind`, else for its name, else for the known address that its `base_url` has.

| kind | what is done | who says so |
|---|---|---|
)";

std::string_view dialect_name(Dialect dialect) {
    switch (dialect) {
        case Dialect::Anthropic:
            return "Anthropic's";
        case Dialect::Bedrock:
            return "Bedrock's";
        default:
            return "OpenAI's";
    }
}

void add(std::string& out, std::string_view sentence) {
    if (!out.empty()) out += ' ';
    out += sentence;
}

std::string what_is_done(const Quirks& quirks) {
    std::string out;
    if (quirks.wants_max_completion_tokens) {
        add(out, "A bound that the gateway sets is `max_completion_tokens`.");
    }
    if (!quirks.knows_max_completion_tokens) {
        add(out, "`max_completion_tokens` goes out as `max_tokens`.");
    }
    if (!quirks.takes_stream_options) {
        add(out,
            "`stream_options` is taken out: usage of a stream is taken as it comes, and counted "
            "where none does.");
    }
    if (!quirks.knows_developer) add(out, "The role `developer` goes out as `system`.");
    if (!quirks.rerank_path.empty()) {
        add(out, fmt::format("`/v1/rerank` goes to `{}` of its host.", quirks.rerank_path));
    }
    return out;
}

}  // namespace

std::string provider_reference() {
    std::string out(kHead);
    for (const KnownProvider& known : known_providers()) {
        out +=
            fmt::format("| `{}` | `{}` | {} | {} |\n",
                        known.name,
                        known.base_url,
                        known.api_key_env.empty() ? "none" : fmt::format("`{}`", known.api_key_env),
                        dialect_name(known.dialect));
    }
    out += kQuirks;
    for (const KnownProvider& known : known_providers()) {
        const std::string done = what_is_done(known.quirks);
        if (done.empty()) continue;
        out += fmt::format("| `{}` | {} | {} |\n", known.name, done, known.source);
    }
    return out;
}

}  // namespace keywarden
