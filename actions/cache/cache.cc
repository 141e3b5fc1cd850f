#include "actions/cache/cache.h"

#include "actions/cache/family.h"
#include "actions/inputs.h"
#include "engine/definition/checked_resources.h"

namespace recourse {

void AddCacheActions(Registry& registry) {
  registry.Add(cache::MakeFlush());
  registry.Add(cache::MakeHitRate());
  registry.Add(cache::MakeInfo());
  registry.Add(cache::MakePing());
}

namespace cache {

Value WithCache(const Value& inputs) {
  static const Value password = Schema(R"({"type": "string",
    "description": "a secret; default: what the cache's password_file holds"})");
  return inputs.With("required", Value::List{"cache"})
      .With("properties",
            inputs["properties"].With("cache", CacheSchema()).With("password", password));
}

}  // namespace cache
}  // namespace recourse
