#include <algorithm>
#include <array>

#include "base/url.h"
#include "providers/provider.h"

namespace keywarden {
namespace {

// Addresses as each provider's own documentation gives them to the SDKs of its dialect. A quirk is
// here only where a document or a refusal tells of it, which is the row's source. Sorted by name.
constexpr std::array kKnown = {
    KnownProvider{
        "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", Dialect::Anthropic},
    KnownProvider{"azure",
                  "https://RESOURCE.openai.azure.com",
                  "AZURE_OPENAI_API_KEY",
                  Dialect::OpenAi,
                  {.wants_max_completion_tokens = true},
                  "OpenHands/software-agent-sdk#1083 (400)"},
    KnownProvider{"bedrock",
                  "https://bedrock-runtime.REGION.amazonaws.com",
                  "AWS_BEARER_TOKEN_BEDROCK",
                  Dialect::Bedrock},
    KnownProvider{"cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"},
    KnownProvider{"cohere",
                  "https://api.cohere.ai/compatibility/v1",
                  "CO_API_KEY",
                  Dialect::OpenAi,
                  {.takes_stream_options = false, .rerank_path = "/v1/rerank"},
                  "strandsagents.com, model providers; vercel.com/docs/ai-gateway, Cohere rerank"},
    KnownProvider{
        "dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"},
    KnownProvider{"deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"},
    KnownProvider{"deepseek",
                  "https://api.deepseek.com/v1",
                  "DEEPSEEK_API_KEY",
                  Dialect::OpenAi,
                  {.knows_max_completion_tokens = false, .knows_developer = false},
                  "docs.camel-ai.org, DeepSeekConfig; earendil-works/pi#1048 (400)"},
    KnownProvider{"fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"},
    KnownProvider{
        "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"},
    KnownProvider{"groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"},
    KnownProvider{"huggingface", "https://router.huggingface.co/v1", "HF_TOKEN"},
    KnownProvider{"lmstudio", "http://127.0.0.1:1234/v1", ""},
    KnownProvider{"mistral",
                  "https://api.mistral.ai/v1",
                  "MISTRAL_API_KEY",
                  Dialect::OpenAi,
                  {.knows_max_completion_tokens = false, .takes_stream_options = false},
                  "editor-code-assistant/eca#315; dnakov/anon-kode#53 (both 422)"},
    KnownProvider{"moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"},
    KnownProvider{"nearai", "https://cloud-api.near.ai/v1", "NEARAI_API_KEY"},
    KnownProvider{"nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"},
    KnownProvider{"ollama", "http://127.0.0.1:11434/v1", ""},
    KnownProvider{"openai",
                  "https://api.openai.com/v1",
                  "OPENAI_API_KEY",
                  Dialect::OpenAi,
                  {.wants_max_completion_tokens = true},
                  "platform.openai.com/docs/api-reference/chat/create"},
    KnownProvider{"openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"},
    KnownProvider{"phala", "https://api.redpill.ai/v1", "REDPILL_API_KEY"},
    KnownProvider{"sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"},
    KnownProvider{"together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"},
    KnownProvider{"vercel", "https://ai-gateway.vercel.sh/v1", "AI_GATEWAY_API_KEY"},
    KnownProvider{"vllm", "http://127.0.0.1:8000/v1", ""},
    KnownProvider{"xai", "https://api.x.ai/v1", "XAI_API_KEY"},
    KnownProvider{"zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"},
};
static_assert(std::ranges::is_sorted(kKnown, {}, &KnownProvider::name));

/// Where each customer of Azure has a name of their own.
constexpr std::array<std::string_view, 3> kAzureHosts = {
    ".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"};

const KnownProvider* known_at(const std::string& base_url) {
    const Result<Url> url = parse_url(base_url);
    if (!url || !url->tls) return nullptr;  // on this machine they are told apart by nothing
    const auto is_there = [&](std::string_view suffix) { return url->host.ends_with(suffix); };
    if (std::ranges::any_of(kAzureHosts, is_there)) return find_known_provider("azure");
    for (const KnownProvider& known : kKnown) {
        const Result<Url> own = parse_url(std::string(known.base_url));
        if (own && own->tls && own->host == url->host) return &known;
    }
    return nullptr;
}

}  // namespace

std::span<const KnownProvider> known_providers() { return kKnown; }

const KnownProvider* find_known_provider(std::string_view name) {
    const auto* const found = std::ranges::lower_bound(kKnown, name, {}, &KnownProvider::name);
    return found != kKnown.end() && found->name == name ? &*found : nullptr;
}

const KnownProvider* known_as(const ProviderConfig& config) {
    if (!config.kind.empty()) return find_known_provider(config.kind);
    const KnownProvider* const named = find_known_provider(config.name);
    return named != nullptr || config.base_url.empty() ? named : known_at(config.base_url);
}

}  // namespace keywarden
