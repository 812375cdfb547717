// What a caller must be allowed to do. Every route in the gateway carries one of these.
#pragma once

#include <cstdint>

namespace keywarden {

/// Adding one: a line here, and its row in the table that says which kinds of key hold it
/// (domain/permission.cc).
enum class Permission : uint8_t {
    Public,     // no credential is looked at: health, documents, key formats
    AnyKey,     // any live key: GET /v1/key
    Inference,  // spends: the relay and the model list
    KeysRead,   // list and read keys of the own team
    KeysWrite,  // create, change, rotate, revoke keys of the own team
    Operator,   // only on the local socket, or an operator's key
    // Of the own team, all of them:
    AccountRead,     // its name, plan, apps, members, providers, policy
    UsageRead,       // usage and request rows
    BillingRead,     // balance and ledger
    AuditRead,       // who changed what
    AppsWrite,       // create, change, delete apps
    ProvidersWrite,  // provider credentials
    PolicyWrite,     // what the team's keys may at most
    MembersWrite,    // invite, change roles, remove
    TeamWrite,       // rename, close: for people only
    TeamLeave,       // go, of one's own accord: for people only
    Verify,          // check keys for another service: verify, authz, introspect
    Session,         // a person who has signed in; no key
    Playground,      // call models from the console as a key of the team would; no key
    kCount,
};

}  // namespace keywarden
