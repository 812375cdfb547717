#include "domain/tool_query.h"

#include <algorithm>
#include <bit>

#include "domain/tool_clauses.h"
#include "domain/tool_model.h"
#include "domain/tool_values.h"

namespace keywarden {
namespace {

constexpr size_t kLastCharacters = 8'000;     // of what the user said last
constexpr size_t kEarlierCharacters = 3'000;  // of each message before
constexpr size_t kAssistantCharacters = 2'000;
constexpr size_t kValueCharacters = 4'000;
constexpr size_t kClauseCharacters = 5'000;
constexpr size_t kGramCharacters = 2'000;
constexpr size_t kAffirmedCharacters = 200;

constexpr float kSinceWeight = 0.8F;   // of what was said since the last call, but not last
constexpr float kEarlierDecay = 0.6F;  // from message to message
constexpr size_t kEarlierMessages = 4;
constexpr size_t kHistoryCalls = 6;
constexpr size_t kActionWords = 80;
constexpr size_t kClausesFrom = 7;  // a shorter request asks for one thing
constexpr size_t kClauseTermsMin = 2;
constexpr size_t kClauseGlyphsMin = 9;
constexpr size_t kClausesMax = 12;

}  // namespace

/// The turns by who said what.
struct ToolQuery::Said {
    std::string_view last{};
    std::string_view narrated{};
    std::string_view asked{};
    size_t since = 0;  // of user_texts_, those at the end that belong to the open request
};

void ToolQuery::clear() {
    in_request_.clear();
    grams_.clear();
    user_texts_.clear();
    request_.clear();
    earlier_.clear();
    asked_.clear();
    narrated_.clear();
    history_.clear();
    called_.clear();
    clause_terms_.clear();
    clause_ends_.clear();
    lower_.clear();
    open_text_.clear();
    values_ = actions_ = first_action_ = 0;
    is_affirmed_ = false;
    letters_ = foreign_letters_ = 0;
}

void ToolQuery::read(std::span<const ToolTurn> turns) {
    clear();
    const Said said = look_back(turns);
    read_request(said);
    read_open_text();
    read_earlier(said);
    read_terms_once(first_characters(said.narrated, kAssistantCharacters), narrated_);
    read_terms_once(first_characters(said.asked, kAssistantCharacters), asked_);
    read_history();
}

ToolQuery::Said ToolQuery::look_back(std::span<const ToolTurn> turns) {
    Said said;
    size_t last_user = turns.size();
    for (size_t i = 0; i < turns.size(); ++i) {
        if (turns[i].role == ToolRole::User) last_user = i;
    }
    const bool has_user = last_user < turns.size();
    for (size_t i = 0; i < turns.size(); ++i) {
        const ToolTurn& turn = turns[i];
        const bool is_after = !has_user || i > last_user;
        switch (turn.role) {
            case ToolRole::User:
                if (i == last_user) {
                    said.last = first_characters(turn.text, kLastCharacters);
                } else {
                    user_texts_.push_back(first_characters(turn.text, kEarlierCharacters));
                    ++said.since;
                }
                break;
            case ToolRole::Assistant:
                called_.insert(called_.end(), turn.calls.begin(), turn.calls.end());
                if (!turn.calls.empty() && !is_after) said.since = 0;
                if (!turn.text.empty()) (is_after ? said.narrated : said.asked) = turn.text;
                break;
            case ToolRole::Tool:
                if (!is_after) said.since = 0;
                break;
            case ToolRole::System:
                break;
        }
    }
    lower_called();
    return said;
}

void ToolQuery::lower_called() {
    called_letters_.clear();
    for (const std::string_view name : called_) called_letters_ += name;
    for (char& c : called_letters_) c = lower_glyph(c);
    size_t begin = 0;
    for (std::string_view& name : called_) {
        name = std::string_view(called_letters_).substr(begin, name.size());
        begin += name.size();
    }
}

void ToolQuery::read_request(const Said& said) {
    const auto add_terms = [&](float weight) {
        for (const Word& word : words_.words) {
            if (facts_of(word.term).is_stop || !in_request_.insert(word.term, 0).second) continue;
            request_.push_back({word.term, weight});
        }
    };
    words_.clear();
    read_words(said.last, words_);
    add_terms(1);
    const size_t looked_at = std::min(kActionWords, words_.words.size());
    for (const Word& word : std::span(words_.words).first(looked_at)) {
        const uint16_t actions = facts_of(word.term).actions;
        if (first_action_ == 0) first_action_ = actions;
        actions_ |= actions;
    }
    const std::span since = std::span(user_texts_).last(said.since);
    for (size_t i = since.size(); i > 0; --i) {
        words_.clear();
        read_words(since[i - 1], words_);
        add_terms(kSinceWeight);
    }
    lower_ = said.last;
    for (char& c : lower_) c = lower_glyph(c);
    glyphs_.read(lower_, kAffirmedCharacters);
    is_affirmed_ = is_affirmative(glyphs_.all());

    constexpr std::string_view kBetween = " . ";
    open_text_ = first_characters(said.last, kEarlierCharacters);
    open_text_ += kBetween;
    constexpr size_t kBytesEnough = 4 * kClauseCharacters;
    for (size_t i = 0; i < since.size() && open_text_.size() < kBytesEnough; ++i) {
        if (i > 0) open_text_ += kBetween;
        open_text_ += since[i];
    }
}

void ToolQuery::read_open_text() {
    words_.clear();
    read_words(first_characters(open_text_, kGramCharacters), words_);
    for (const Word& word : words_.words) {
        const std::string_view text = words_.text_of(word);
        if (!facts_of(word.term).is_stop || !is_stop_word(text)) grams_.add(text);
    }
    glyphs_.read(open_text_, kClauseCharacters);
    const std::string_view all = glyphs_.all();
    values_ = value_shapes(all.substr(0, kValueCharacters));
    for (const char c : all) {
        foreign_letters_ += c == kLetterGlyph ? 1 : 0;
        letters_ += c == kLetterGlyph || is_letter_glyph(c) ? 1 : 0;
    }
    if (request_.size() >= kClausesFrom) read_clauses();
}

void ToolQuery::read_clauses() {
    ClauseSplitter splitter(glyphs_.all());
    splitter.for_each([&](size_t begin, size_t end) {
        if (end - begin < kClauseGlyphsMin || clause_ends_.size() == kClausesMax) return;
        const size_t from = glyphs_.offset(begin);
        add_clause(std::string_view(open_text_).substr(from, glyphs_.offset(end) - from));
    });
}

void ToolQuery::add_clause(std::string_view text) {
    const size_t before = clause_terms_.size();
    read_terms_once(text, clause_terms_);
    if (clause_terms_.size() - before < kClauseTermsMin) {
        clause_terms_.resize(before);
    } else {
        clause_ends_.push_back(static_cast<uint32_t>(clause_terms_.size()));
    }
}

void ToolQuery::read_terms_once(std::string_view text, std::vector<TermId>& terms) {
    words_.clear();
    read_words(text, words_);
    seen_.clear();
    for (const Word& word : words_.words) {
        if (facts_of(word.term).is_stop || !seen_.insert(word.term, 0).second) continue;
        terms.push_back(word.term);
    }
}

void ToolQuery::read_earlier(const Said& said) {
    const size_t count = user_texts_.size() - said.since;
    seen_.clear();
    float weight = 1;
    for (size_t i = 0; i < std::min(kEarlierMessages, count); ++i, weight *= kEarlierDecay) {
        words_.clear();
        read_words(user_texts_[count - 1 - i], words_);
        for (const Word& word : words_.words) {
            if (facts_of(word.term).is_stop || !seen_.insert(word.term, 0).second) continue;
            earlier_.push_back({word.term, weight});
        }
    }
}

void ToolQuery::read_history() {
    const size_t count = std::min(kHistoryCalls, called_.size());
    seen_.clear();
    for (const std::string_view name : std::span(called_).last(count)) {
        words_.clear();
        read_words(name, words_);
        for (const Word& word : words_.words) {
            const bool is_action = facts_of(word.term).actions != 0;
            if (!is_action && seen_.insert(word.term, 0).second) history_.push_back(word.term);
        }
    }
}

}  // namespace keywarden
