#include "base/aws_error.h"

namespace keywarden {

std::string_view aws_error_type(int status) {
    switch (status) {
        case 401:
        case 402:
        case 403:
            return "AccessDeniedException";
        case 404:
            return "ResourceNotFoundException";
        case 408:
        case 504:
            return "ModelTimeoutException";
        case 424:
            return "ModelErrorException";
        case 429:
            return "ThrottlingException";
        case 503:
            return "ServiceUnavailableException";
        default:
            return status < 500 ? "ValidationException" : "InternalServerException";
    }
}

}  // namespace keywarden
