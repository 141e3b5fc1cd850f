#include "actions/http/http.h"

#include "actions/http/family.h"

namespace recourse {

void AddHttpActions(Registry& registry) {
  registry.Add(http::MakeExpect());
  registry.Add(http::MakeRequest());
  registry.Add(http::MakeSend());
}

}  // namespace recourse
