// The choice of tools: how good it is, what it saves, how long it takes.
//
//   tools_bench DEV.JSONL [TOOLS...]          lists of 20, 50 and 128 tools where none is said
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "domain/tool_ranker.h"
#include "domain/tool_selection.h"
#include "providers/tools.h"
#include "tests/bench/tools/cases.h"

namespace keywarden {
namespace {

constexpr size_t kAsked = 8;               // R@8, next@8
constexpr double kCachedTokensMin = 1024;  // a shorter prefix is not cached
constexpr size_t kAlphaPercent = 25;

/// Sums by source; their mean is over sources, so that none counts more for being larger.
class Mean {
public:
    void add(const std::string& source, double value, double weight = 1) {
        sums_[source].first += value;
        sums_[source].second += weight;
    }
    double value() const {
        double sum = 0;
        for (const auto& [source, of] : sums_) sum += of.first / std::max(of.second, 1e-9);
        return sum / static_cast<double>(std::max<size_t>(sums_.size(), 1));
    }

private:
    std::map<std::string, std::pair<double, double>> sums_;
};

std::shared_ptr<const ToolPool> make_pool(const ToolConversation& conversation) {
    std::vector<std::shared_ptr<const ToolProfile>> profiles;
    for (const std::string_view tool : conversation.tools) {
        profiles.push_back(std::make_shared<const ToolProfile>(
            make_tool_profile(*read_tool_definition(ToolDialect::Chat, tool))));
    }
    return std::make_shared<const ToolPool>(profiles);
}

/// The names called before a request: they are kept by rule, and are not ranked.
std::set<std::string_view> called_before(const ToolConversation& conversation, size_t turns) {
    std::set<std::string_view> called;
    for (const ToolTurn& turn : conversation.request->turns().first(turns)) {
        called.insert(turn.calls.begin(), turn.calls.end());
    }
    return called;
}

size_t adaptive_k(const std::vector<float>& sorted) {
    const float floor = sorted[sorted.size() / 2];
    const float least = floor + (sorted.front() - floor) * kAlphaPercent / 100;
    const auto k = std::ranges::count_if(sorted, [&](float score) { return score >= least; });
    return std::clamp<size_t>(static_cast<size_t>(k), 5, 24);
}

struct Quality {
    Mean recall, next, need, survived, kept;

    void add(const ToolConversation& of, const ToolCase& asked, std::span<const float> scores) {
        const auto called = called_before(of, asked.turns);
        std::vector<size_t> order;
        for (size_t i = 0; i < scores.size(); ++i) {
            if (!called.contains(of.names[i])) order.push_back(i);
        }
        if (order.empty()) return;
        std::ranges::sort(order, [&](size_t a, size_t b) {
            return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
        });
        std::vector<float> sorted;
        for (const size_t i : order) sorted.push_back(scores[i]);
        const auto place_of = [&](size_t tool) {  // 0 for one that is kept by rule
            const auto it = std::ranges::find(order, tool);
            return it == order.end() ? 0 : static_cast<size_t>(it - order.begin()) + 1;
        };
        const auto all_within = [&](const std::vector<size_t>& tools, size_t k) {
            return std::ranges::all_of(tools, [&](size_t tool) { return place_of(tool) <= k; });
        };
        const auto found = std::ranges::count_if(
            asked.need, [&](size_t tool) { return place_of(tool) <= kAsked; });
        recall.add(of.source, static_cast<double>(found) / static_cast<double>(asked.need.size()));
        next.add(of.source, all_within(asked.next, kAsked) ? 1 : 0);
        need.add(of.source, all_within(asked.need, kAsked) ? 1 : 0);
        const size_t k = adaptive_k(sorted);
        survived.add(of.source, all_within(asked.next, k) ? 1 : 0);
        kept.add(of.source, static_cast<double>(k));
    }
};

void measure_ranker(const std::vector<ToolConversation>& conversations) {
    Quality quality;
    ToolRanker ranker;
    ToolQuery query;
    for (const ToolConversation& conversation : conversations) {
        const auto pool = make_pool(conversation);
        for (const ToolCase& asked : conversation.cases) {
            if (asked.next.empty()) continue;
            query.read(conversation.request->turns().first(asked.turns));
            quality.add(conversation, asked, ranker.rank(*pool, query));
        }
    }
    std::printf(
        "  ranker: R@8 %.1f %%, next@8 %.1f %%, all needed@8 %.1f %%; "
        "adaptive K: %.1f %% survive with %.1f kept\n",
        100 * quality.recall.value(),
        100 * quality.next.value(),
        100 * quality.need.value(),
        100 * quality.survived.value(),
        quality.kept.value());
}

/// What tokens cost that are read from a cache, and that are written to one, of the plain price.
struct Rate {
    const char* name;
    double read;
    double write;
};
constexpr Rate kPrices[] = {{"no cache", 1, 1},
                            {"OpenAI, read 0.5", 0.5, 1},
                            {"OpenAI, read 0.1", 0.1, 1},
                            {"Anthropic, read 0.1, write 1.25", 0.1, 1.25}};

/// What the requests of one conversation cost, one after another.
class Bill {
public:
    Bill(const Rate& price, bool is_warm) : price_(price), is_warm_(is_warm) {}

    /// `shared`: tokens at the beginning that other conversations of the account have too.
    void add(const std::vector<uint32_t>& kept, double tools, double messages, double shared) {
        double hit = 0;
        if (kept == kept_ && tools + messages_ >= kCachedTokensMin) {
            hit = tools + messages_;
        } else if (kept_.empty() && is_warm_ && shared >= kCachedTokensMin) {
            hit = shared;
        }
        const double total = tools + messages;
        const double fresh = total >= kCachedTokensMin ? price_.write : 1;
        cost_ += hit * price_.read + (total - hit) * fresh;
        kept_ = kept;
        messages_ = messages;
    }
    /// Asked again because a tool was missed.
    void add_again(double tools, double messages) { cost_ += tools + messages; }
    double cost() const { return cost_; }

private:
    Rate price_;
    bool is_warm_;
    std::vector<uint32_t> kept_;
    double messages_ = 0;
    double cost_ = 0;
};

/// To sending all tools: where nothing is cached, and where others had the whole list.
struct Costs {
    Mean cold, warm;            // each set goes on
    Mean cold_auto, warm_auto;  // by the cache policy `auto`
};

struct Sums {
    Mean survived, kept, changes, misses;
    std::map<std::string, Costs> costs;
    std::map<SelectionOutcome, size_t> outcomes;
};

double tokens_of(const ToolConversation& of, const std::vector<uint32_t>& kept) {
    size_t bytes = 0;
    for (const uint32_t tool : kept) bytes += of.tools[tool].size();
    return static_cast<double>(bytes / kToolBytesPerToken);
}

SelectionRequest request_of(const ToolConversation& conversation, size_t turns) {
    return {.tools = conversation.tools,
            .read = tool_reader(ToolDialect::Chat),
            .turns = conversation.request->turns().first(turns)};
}

/// As `auto` decides it, where it is known what the cache holds.
std::vector<uint32_t> kept_by_policy(ToolSelector& selector,
                                     SelectionRequest request,
                                     size_t price,
                                     bool is_warm) {
    request.cache = CacheTerms{.read = kPrices[price].read,
                               .write = kPrices[price].write,
                               .shared = is_warm ? 1.0 : 0.0,
                               .scope = 2 * price + (is_warm ? 2 : 1)};
    Selection selection = selector.select(request);
    if (!selection.pays) {
        selection.make_whole(request.tools.size(), SelectionOutcome::CacheIsCheaper);
    }
    return selection.kept;
}

void play(ToolSelector& selector, const ToolConversation& conversation, Sums& sums) {
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < conversation.tools.size(); ++i) all.push_back(i);
    const double all_tokens = tokens_of(conversation, all);
    std::vector<Bill> bills, bills_warm, cold, warm, cold_auto, warm_auto;
    for (const Rate& price : kPrices) {
        for (auto* of : {&bills, &cold, &cold_auto}) of->emplace_back(price, false);
        for (auto* of : {&bills_warm, &warm, &warm_auto}) of->emplace_back(price, true);
    }
    const auto& turns = conversation.request->turns();
    const bool has_system = !turns.empty() && turns[0].role == ToolRole::System;
    const double system = has_system ? static_cast<double>(conversation.message_tokens[0]) : 0;
    std::vector<uint32_t> before;
    double changes = 0;
    double messages = 0;
    size_t read = 0;
    for (const ToolCase& asked : conversation.cases) {
        while (read < asked.turns) {
            messages += static_cast<double>(conversation.message_tokens[read++]);
        }
        const Selection selection = selector.select(request_of(conversation, asked.turns));
        ++sums.outcomes[selection.outcome];
        std::vector<uint32_t> kept = selection.kept;
        changes += !before.empty() && kept != before ? 1 : 0;
        const double tokens = tokens_of(conversation, kept);
        sums.kept.add(conversation.source, static_cast<double>(kept.size()));
        const double shared = all_tokens + system;
        for (auto* of : {&bills, &bills_warm}) {
            for (Bill& bill : *of) bill.add(kept, tokens, messages, kept == all ? shared : 0);
        }
        for (auto* of : {&cold, &warm}) {
            for (Bill& bill : *of) bill.add(all, all_tokens, messages, shared);
        }
        const auto is_missing = [](const std::vector<uint32_t>& of, size_t tool) {
            return std::ranges::find(of, tool) == of.end();
        };
        for (auto* of : {&cold_auto, &warm_auto}) {
            for (size_t i = 0; i < of->size(); ++i) {
                std::vector<uint32_t> sent = kept_by_policy(
                    selector, request_of(conversation, asked.turns), i, of == &warm_auto);
                (*of)[i].add(
                    sent, tokens_of(conversation, sent), messages, sent == all ? shared : 0);
                const size_t sent_tools = sent.size();
                for (const size_t tool : asked.next) {
                    if (is_missing(sent, tool)) sent.push_back(static_cast<uint32_t>(tool));
                }
                if (sent.size() > sent_tools) {
                    (*of)[i].add_again(tokens_of(conversation, sent), messages);
                }
            }
        }
        if (!asked.next.empty()) {
            const size_t known = kept.size();
            for (const size_t tool : asked.next) {
                if (std::ranges::find(kept, tool) == kept.end()) {
                    kept.push_back(static_cast<uint32_t>(tool));
                }
            }
            const bool is_missed = kept.size() > known;
            sums.survived.add(conversation.source, is_missed ? 0 : 1);
            sums.misses.add(conversation.source, is_missed ? 1 : 0);
            if (is_missed) {
                for (auto* of : {&bills, &bills_warm}) {
                    for (Bill& bill : *of) bill.add_again(tokens_of(conversation, kept), messages);
                }
            }
        }
        before = kept;
    }
    sums.changes.add(conversation.source, changes);
    for (size_t i = 0; i < std::size(kPrices); ++i) {
        Costs& costs = sums.costs[kPrices[i].name];
        costs.cold.add(conversation.source, bills[i].cost(), cold[i].cost());
        costs.warm.add(conversation.source, bills_warm[i].cost(), warm[i].cost());
        costs.cold_auto.add(conversation.source, cold_auto[i].cost(), cold[i].cost());
        costs.warm_auto.add(conversation.source, warm_auto[i].cost(), warm[i].cost());
    }
}

void measure_sets(const std::vector<ToolConversation>& conversations, bool only_long) {
    ToolSelector selector([] { return MonoTime(); });
    Sums sums;
    for (const ToolConversation& conversation : conversations) {
        const auto roles = conversation.request->turns();
        const bool is_long = std::ranges::any_of(
            roles, [](const ToolTurn& turn) { return turn.role == ToolRole::Tool; });
        if (is_long || !only_long) play(selector, conversation, sums);
    }
    std::printf("  sets, %s: %.1f %% survive with %.1f kept, %.2f changes a conversation\n",
                only_long ? "conversations with calls" : "all conversations",
                100 * sums.survived.value(),
                sums.kept.value(),
                sums.changes.value());
    std::printf(
        "    of the cost of all tools; where their list is cached already; as `auto` has it\n");
    for (const Rate& price : kPrices) {
        const Costs& costs = sums.costs.at(price.name);
        std::printf("    %-34s %5.1f %%, %5.1f %%; auto %5.1f %%, %5.1f %%\n",
                    price.name,
                    100 * costs.cold.value(),
                    100 * costs.warm.value(),
                    100 * costs.cold_auto.value(),
                    100 * costs.warm_auto.value());
    }
    std::printf("   ");
    for (const auto& [outcome, count] : sums.outcomes) {
        std::printf(" %s %zu", std::string(name(outcome)).c_str(), count);
    }
    std::printf("\n");
}

/// What this thread has worked: on a machine that others use too, this is what can be compared.
Nanos worked() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec);
}

void print_times(const char* what, std::vector<Nanos>& times) {
    std::ranges::sort(times);
    const auto micros = [&](size_t percent) {
        const size_t place = std::min(times.size() - 1, times.size() * percent / 100);
        return static_cast<double>(times[place].count()) / 1000;
    };
    std::printf("  %s: p50 %.1f us, p90 %.1f us, p99 %.1f us of %zu\n",
                what,
                micros(50),
                micros(90),
                micros(99),
                times.size());
}

void measure_times(const std::vector<ToolConversation>& conversations) {
    const auto still = [] { return MonoTime(); };
    constexpr size_t kEach = 8;  // of all conversations, which is enough
    std::vector<Nanos> warm, cold;
    const auto time = [](ToolSelector& selector, const SelectionRequest& request) {
        const Nanos begun = worked();
        selector.select(request);
        return worked() - begun;
    };
    for (size_t i = 0; i < conversations.size(); i += kEach) {
        const ToolConversation& conversation = conversations[i];
        ToolSelector selector(still);
        // The list is known before the conversation begins: another one had it.
        const ToolTurn hello{.text = "hello"};
        SelectionRequest first = request_of(conversation, 0);
        first.turns = {&hello, 1};
        selector.select(first);
        for (const ToolCase& asked : conversation.cases) {
            const SelectionRequest request = request_of(conversation, asked.turns);
            warm.push_back(time(selector, request));
            ToolSelector fresh(still);
            cold.push_back(time(fresh, request));
        }
    }
    print_times("warm: the list is known, each request is new", warm);
    print_times("cold: nothing is known", cold);
}

int run(int count, char** arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: tools_bench DEV.JSONL [TOOLS...]\n");
        return EXIT_FAILURE;
    }
    std::vector<size_t> sizes;
    for (int i = 2; i < count; ++i) sizes.push_back(static_cast<size_t>(std::atoi(arguments[i])));
    if (sizes.empty()) sizes = {20, 50, 128};
    for (const size_t size : sizes) {
        const auto conversations = read_conversations(arguments[1], size);
        std::printf("%zu tools, %zu conversations\n", size, conversations.size());
        measure_ranker(conversations);
        measure_sets(conversations, false);
        measure_sets(conversations, true);
        measure_times(conversations);
        std::fflush(stdout);
    }
    return EXIT_SUCCESS;
}

}  // namespace
}  // namespace keywarden

int main(int count, char** arguments) { return keywarden::run(count, arguments); }
