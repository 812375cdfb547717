#include <algorithm>
#include <array>

#include "providers/provider.h"

namespace keywarden {
namespace {

// Addresses as each provider's own documentation gives them to the SDKs of its dialect. Sorted by
// name.
constexpr std::array kKnown = {
    KnownProvider{
        "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", Dialect::Anthropic},
    KnownProvider{"bedrock",
                  "https://bedrock-runtime.REGION.amazonaws.com",
                  "AWS_BEARER_TOKEN_BEDROCK",
                  Dialect::Bedrock},
    KnownProvider{"cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"},
    KnownProvider{"cohere", "https://api.cohere.ai/compatibility/v1", "CO_API_KEY"},
    KnownProvider{
        "dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"},
    KnownProvider{"deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"},
    KnownProvider{"deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"},
    KnownProvider{"fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"},
    KnownProvider{
        "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"},
    KnownProvider{"groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"},
    KnownProvider{"huggingface", "https://router.huggingface.co/v1", "HF_TOKEN"},
    KnownProvider{"lmstudio", "http://127.0.0.1:1234/v1", ""},
    KnownProvider{"mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"},
    KnownProvider{"moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"},
    KnownProvider{"nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"},
    KnownProvider{"ollama", "http://127.0.0.1:11434/v1", ""},
    KnownProvider{"openai", "https://api.openai.com/v1", "OPENAI_API_KEY"},
    KnownProvider{"openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"},
    KnownProvider{"sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"},
    KnownProvider{"together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"},
    KnownProvider{"vllm", "http://127.0.0.1:8000/v1", ""},
    KnownProvider{"xai", "https://api.x.ai/v1", "XAI_API_KEY"},
    KnownProvider{"zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"},
};
static_assert(std::ranges::is_sorted(kKnown, {}, &KnownProvider::name));

}  // namespace

std::span<const KnownProvider> known_providers() { return kKnown; }

const KnownProvider* find_known_provider(std::string_view name) {
    const auto* const found = std::ranges::lower_bound(kKnown, name, {}, &KnownProvider::name);
    return found != kKnown.end() && found->name == name ? &*found : nullptr;
}

}  // namespace keywarden
