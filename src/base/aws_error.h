// What AWS calls an error.
#pragma once

#include <string_view>

namespace keywarden {

/// Of an answer of that status, as `x-amzn-ErrorType` names it.
/// Source: the error names of the Bedrock Runtime API.
std::string_view aws_error_type(int status);

}  // namespace keywarden
