// What operators do about money: what teams pay, and how; and whether the books are right.
#include <array>
#include <mutex>
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/choice_field.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/list_query.h"
#include "admin/money_field.h"
#include "admin/usage_record.h"
#include "base/id.h"
#include "base/time_zone.h"
#include "domain/money_facts.h"

namespace keywarden {
namespace {

Result<std::string> read_text(std::string_view field, const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return fail_field(field, "must be a text");
}

constexpr std::array kCreditFields = {
    Field<LedgerEntry>{"team",
                       [](const Json& value, LedgerEntry& entry) -> Result<void> {
                           TRY(entry.team_id, read_text("team", value));
                           return {};
                       }},
    Field<LedgerEntry>{"kind",
                       [](const Json& value, LedgerEntry& entry) {
                           return read_choice("kind", value, ledger_kind_of, entry.kind);
                       }},
    Field<LedgerEntry>{"amount_usd",
                       [](const Json& value, LedgerEntry& entry) -> Result<void> {
                           TRY(entry.amount, read_money("amount_usd", value));
                           return {};
                       }},
    Field<LedgerEntry>{"reason",
                       [](const Json& value, LedgerEntry& entry) -> Result<void> {
                           if (value.is_null()) return {};
                           TRY(entry.reason, read_text("reason", value));
                           return {};
                       }},
};

constexpr std::array kBillingFields = {
    Field<BillingTerms>{"mode",
                        [](const Json& value, BillingTerms& terms) {
                            return read_choice("mode", value, credit_mode_of, terms.mode);
                        }},
    Field<BillingTerms>{"credit_limit_usd",
                        [](const Json& value, BillingTerms& terms) -> Result<void> {
                            TRY(terms.credit_limit, read_money("credit_limit_usd", value));
                            return {};
                        }},
    Field<BillingTerms>{"unpriced",
                        [](const Json& value, BillingTerms& terms) {
                            return read_choice("unpriced", value, unpriced_rule_of, terms.unpriced);
                        }},
    Field<BillingTerms>{
        "markup_basis_points",
        [](const Json& value, BillingTerms& terms) -> Result<void> {
            // A number above int64's own range reads as unsigned, and fails the second comparison.
            if (!value.is_number_integer() || value < 0 || value > kMarkupBasisPointsMax) {
                return fail_field("markup_basis_points", "must be a whole number from 0 to 100000");
            }
            terms.markup_basis_points = value.get<int32_t>();
            return {};
        }},
    Field<BillingTerms>{"clamps_output",
                        [](const Json& value, BillingTerms& terms) -> Result<void> {
                            if (!value.is_boolean()) {
                                return fail_field("clamps_output", "must be true or false");
                            }
                            terms.clamps_output = value.get<bool>();
                            return {};
                        }},
    Field<BillingTerms>{"time_zone",
                        [](const Json& value, BillingTerms& terms) -> Result<void> {
                            TRY(terms.time_zone, read_text("time_zone", value));
                            if (TimeZone::find(terms.time_zone)) return {};
                            return fail_field("time_zone",
                                              "must be a zone of the IANA that this machine knows, "
                                              "such as \"Europe/Berlin\"");
                        }},
};

/// A team and what it has: live where calls meet it, and its sums as the store has them.
Result<Json> credit_record(AdminContext& context, const Team& team) {
    TRY(const CreditAccount account, context.keys.store().usage().get_credit(team.id));
    Json record = {{"team", {{"id", team.id}, {"name", team.name}}}, {"object", "balance"}};
    record.update(balance_record(context.spend->balance(team.id)));
    record["credited_usd"] = money(account.credited);
    record["spent_usd"] = money(account.spent);
    return record;
}

Result<HttpResponse> billing_response(const BillingTerms& terms) {
    return versioned_response(200, billing_record(terms), terms.version);
}

}  // namespace

Result<HttpResponse> list_credits(AdminContext& context, const ApiCall& call) {
    TRY(const ListQuery wanted, read_list_query(call.request.query));
    TRY(const auto page,
        accounts_of(context).list_teams({.after = wanted.after, .limit = wanted.limit}));
    Json data = Json::array();
    for (const Team& team : page.items) {
        TRY(Json record, credit_record(context, team));
        data.push_back(std::move(record));
    }
    return list_response(std::move(data), page.next);
}

Result<HttpResponse> add_credit(AdminContext& context, const ApiCall& call) {
    const auto add = [&](const AnswerNote& note) -> Result<Created> {
        const ChangedBy by = changed_by(context, call);
        LedgerEntry entry{.id = new_id("credit"),
                          .actor = by.actor.type + ":" + by.actor.id,
                          .at = context.clock.now()};
        TRY(const Json object, read_object(call.request, Body::Required));
        TRY_VOID(read_fields<LedgerEntry>(object, kCreditFields, entry));
        for (const char* needed : {"team", "kind", "amount_usd"}) {
            if (!object.contains(needed)) return fail_field(needed, "is required");
        }
        TRY_VOID(in_words_of_bodies(check_ledger_entry(entry)));
        const auto team = accounts_of(context).get_team(entry.team_id);
        if (!team && team.error().code == ErrorCode::NotFound) {
            return fail_field("team", "must be the id of a team");
        }
        if (!team) return fail(team.error());
        AuditEntry audit =
            audit_entry(by, entry.team_id, "credit.create", {"credit", entry.id}, entry.at);
        audit.reason = entry.reason;
        audit.diff = audit_diff({}, audit_facts(entry));
        Json record = ledger_record(entry);
        record["team"] = entry.team_id;
        const auto store = [&] {
            return context.keys.store().usage().add_ledger_entry(entry, audit);
        };
        TRY_VOID(store_answered(context, note(201, record), store));
        context.spend->add_credit(entry.team_id, entry.amount);
        return Created{.record = std::move(record)};
    };
    TRY(HttpResponse response, run_once(context, call, "credits.create", add));
    // A row is read in its team's ledger, and has no address of its own.
    std::erase_if(response.headers,
                  [](const Header& each) { return equal_ignoring_case(each.name, "Location"); });
    return response;
}

Result<HttpResponse> read_billing(AdminContext& context, const ApiCall& call) {
    TRY(const CreditAccount account, context.keys.store().usage().get_credit(call.values.at(0)));
    return billing_response(account.terms);
}

Result<HttpResponse> change_billing(AdminContext& context, const ApiCall& call) {
    const std::string& team_id = call.values.at(0);
    const std::scoped_lock lock(*context.money_changes);
    UsageStore& usage = context.keys.store().usage();
    TRY(const CreditAccount before, usage.get_credit(team_id));
    BillingTerms terms = before.terms;
    TRY_VOID(read_change<BillingTerms>(call, kBillingFields, terms));
    const bool is_limit_left = terms.credit_limit == before.terms.credit_limit;
    if (terms.mode != CreditMode::Postpaid && is_limit_left) terms.credit_limit = {};
    TRY_VOID(in_words_of_bodies(check_billing(terms)));
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   team_id,
                                   "billing.update",
                                   {"team", team_id},
                                   context.clock.now());
    audit.diff = audit_diff(audit_facts(before.terms), audit_facts(terms));
    TRY_VOID(usage.put_billing(team_id, terms, audit));
    TRY_VOID(context.spend->put_billing(team_id, terms));
    if (terms.time_zone != before.terms.time_zone) {
        TRY_VOID(context.spend->recount(team_id, usage));
    }
    return billing_response(terms);
}

Result<HttpResponse> verify_ledger(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const LedgerFindings found, context.keys.store().usage().verify());
    return json_response(200,
                         {{"object", "ledger_check"},
                          {"agrees", found.differences.empty()},
                          {"requests", found.rows},
                          {"teams", found.teams},
                          {"differences", found.differences}});
}

}  // namespace keywarden
