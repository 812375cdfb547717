// A call to a route: the targets that may serve it, in the order in which they are tried.
#pragma once

#include <array>
#include <cstdint>

#include "base/result.h"
#include "domain/catalogue.h"
#include "domain/limiter.h"
#include "net/task.h"

namespace keywarden {

struct Call;

struct Routing : Pooled {
    const CatalogueRoute* route = nullptr;
    std::array<uint8_t, kRouteTargetsMax> order{};  // of the route's targets, as many as `turns`
    size_t turns = 0;
    size_t turn = 0;                        // whose it is
    const LimitCounter* counter = nullptr;  // of that target's model; null: it has none
    LimitTicket ticket{};                   // of it, once another has had its turn

    const ModelTarget& target(size_t of_turn) const { return route->targets[order.at(of_turn)]; }
    bool has_more() const { return turn + 1 < turns; }
};

/// From now on the call goes to that model of that provider. Its dialect is yet to be chosen.
void aim(Call* call, const ModelTarget& target);

/// Begins it, with the targets in the order in which their turns come.
/// Requires: call->request.
/// Errors: InvalidRequest where the call brings a credential of its own: it would be for one of the
/// providers, and nobody says which.
Result<void> begin_routing(Call* call, const CatalogueRoute& route);

/// As `admit` of policy.h, for the first target that it may go to: those that the caller may not
/// use are left out for good; those that cannot say what is asked for, or whose own limits or
/// budgets are used up, are passed over. Errors: those of `admit`; where there is one for each, the
/// first.
Result<void> admit_route(Call* call);

/// Aims the call at the next target that may serve it now. False: there is none, and the call is
/// aimed where it was.
/// Requires: it was admitted.
bool move_on(Call* call);

}  // namespace keywarden
