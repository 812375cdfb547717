#include "domain/permission.h"

#include <array>
#include <cstddef>

#include "domain/key.h"

namespace keywarden {
namespace {

struct PermissionRow {
    Permission permission;
    bool full;
    bool inference;
    bool management;
};

constexpr std::array kPermissions = {
    //            permission             full   inference  management
    PermissionRow{Permission::Public, true, true, true},
    PermissionRow{Permission::AnyKey, true, true, true},
    PermissionRow{Permission::Inference, true, true, false},
    PermissionRow{Permission::KeysRead, true, false, true},
    PermissionRow{Permission::KeysWrite, true, false, true},
    PermissionRow{Permission::Operator, false, false, false},
    PermissionRow{Permission::AccountRead, true, false, true},
    PermissionRow{Permission::UsageRead, true, false, true},
    PermissionRow{Permission::BillingRead, true, false, true},
    PermissionRow{Permission::AuditRead, true, false, true},
    PermissionRow{Permission::AppsWrite, true, false, true},
    PermissionRow{Permission::ProvidersWrite, true, false, true},
    PermissionRow{Permission::PolicyWrite, true, false, true},
    PermissionRow{Permission::MembersWrite, true, false, true},
    PermissionRow{Permission::TeamWrite, false, false, false},
    PermissionRow{Permission::TeamLeave, false, false, false},
    PermissionRow{Permission::Verify, true, false, true},
    PermissionRow{Permission::Session, false, false, false},
    PermissionRow{Permission::Playground, false, false, false},
};

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kPermissions.size(); ++i) {
        if (kPermissions[i].permission != static_cast<Permission>(i)) return false;
    }
    return kPermissions.size() == static_cast<size_t>(Permission::kCount);
}
static_assert(rows_follow_the_enum());

}  // namespace

bool holds(KeyKind kind, Permission permission) {
    const PermissionRow& row = kPermissions.at(static_cast<size_t>(permission));
    switch (kind) {
        case KeyKind::Full:
            return row.full;
        case KeyKind::Inference:
            return row.inference;
        case KeyKind::Management:
            return row.management;
        case KeyKind::kCount:
            break;
    }
    return false;
}

}  // namespace keywarden
