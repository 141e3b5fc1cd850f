// Secrets in values: secret("name") answers a reference, never the secret itself.
//
// A reference is the map {"$secret": "name"}, which goes into the journal and back as it is.
// Whoever runs an action puts the secret in its place at the last moment, and only for the names
// that the step's own `with` asks for (Template::Secrets): what comes from inputs and outputs may
// look like a reference, but is none.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::expression {

inline constexpr std::string_view kSecretKey = "$secret";

Value MakeSecret(std::string_view name);

bool IsSecret(const Value& value);

// Whether a reference stands anywhere in `value`.
bool HoldsSecret(const Value& value);

}  // namespace recourse::expression
