#include "actions/notify/notify.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using Catch::Contains;
using testing::MessageOf;
using testing::World;

class OneMailChannel final : public ChannelNames {
 public:
  Result<std::string> KindOf(const std::string& channel) const override {
    if (channel == "ops") return std::string("mail");
    return NotFound("there is no channel \"" + channel + "\"; known are: ops");
  }
};

void AddWithChannel(Registry& registry) {
  static const OneMailChannel channels;
  AddNotifyActions(registry, &channels);
}

}  // namespace

TEST_CASE("notify.send answers what is said, to whom, and how", "[actions][notify]") {
  World world(AddWithChannel);
  const Outcome said =
      world.DoJson("notify.send", R"({"channel": "ops", "subject": "a\nb", "text": "one\ntwo"})");
  REQUIRE(said);
  CHECK(said.output() ==
        Value::Object(
            {{"channel", "ops"}, {"kind", "mail"}, {"subject", "a b"}, {"text", "one\ntwo"}}));
}

TEST_CASE("notify.send cuts a long text between two characters, and says so", "[actions][notify]") {
  World world(AddWithChannel);
  std::string umlauts = "x";
  for (int i = 0; i < 5000; ++i) umlauts += "\xc3\xa4";
  const Outcome said =
      world.Do("notify.send", Value::Object({{"channel", "ops"}, {"text", umlauts}}));
  REQUIRE(said);
  const std::string text = said.output().StringOr("text", "");
  CHECK(text.substr(0, 7999) == umlauts.substr(0, 7999));
  CHECK_THAT(text, Contains("... (2002 bytes more are left out)"));
}

TEST_CASE("notify.send tells of a channel that there is not before and when it is asked",
          "[actions][notify]") {
  World world(AddWithChannel);
  const Value inputs = Value::Object({{"channel", "oops"}, {"text", "x"}});
  CHECK_THAT(MessageOf(world.Do("notify.send", inputs)),
             Contains("NOT_FOUND: nothing was sent: there is no channel \"oops\"; known are: ops"));
  const auto plan = world.Find("notify.send").Plan(world.MakeContext(inputs));
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == Code::kNotFound);
  const auto good =
      world.Find("notify.send").Plan(world.MakeContext(inputs.With("channel", "ops")));
  REQUIRE(good);
  CHECK(good->lines == std::vector<std::string>{"tell ops (mail): x"});
  World none([](Registry& registry) { AddNotifyActions(registry, nullptr); });
  CHECK_THAT(MessageOf(none.Do("notify.send", inputs)),
             Contains("FAILED_PRECONDITION: this server has no channels"));
}

}  // namespace recourse
