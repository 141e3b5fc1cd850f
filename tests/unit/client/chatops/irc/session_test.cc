#include "client/chatops/irc/session.h"

#include <catch2/catch.hpp>

namespace recourse::chatops::irc {
namespace {

constexpr const char* kAda = "ada!a@host.example";

// In #incidents, with ada, who has proved who she is.
Session WithAda() {
  Session session({"recourse", "", ""}, {"#incidents"});
  for (const char* line : {":irc 001 recourse :Welcome", ":recourse!r@h JOIN #incidents",
                           ":irc 353 recourse = #incidents :@ada recourse"}) {
    session.Take(ParseLine(line));
  }
  REQUIRE(session.IsIn("#Incidents"));
  REQUIRE(session.LogIn(kAda, "ada"));
  return session;
}

TEST_CASE("a proof holds for the one who gave it, and ends when the bot cannot see them any more",
          "[irc]") {
  Session session = WithAda();
  CHECK(session.WhoIs(kAda) == "ada");
  // The nick alone proves nothing.
  CHECK(session.WhoIs("ada!a@elsewhere.example").empty());
  CHECK(session.WhoIs("ada").empty());
  for (const char* line : {":ada!a@host.example QUIT :bye", ":ada!a@host.example PART #incidents",
                           ":op!o@h KICK #incidents ada :out", ":ada!a@host.example NICK :eve",
                           ":op!o@h KICK #incidents recourse :out"}) {
    INFO(line);
    Session one = WithAda();
    one.Take(ParseLine(line));
    CHECK(one.WhoIs(kAda).empty());
  }
  // Who takes the nick later is nobody.
  session.Take(ParseLine(":ada!a@host.example NICK eve"));
  session.Take(ParseLine(":mallory!a@host.example NICK ada"));
  CHECK(session.WhoIs(kAda).empty());
  CHECK(session.WhoIs("eve!a@host.example").empty());
}

TEST_CASE("who is in no channel of the bot cannot prove anything", "[irc]") {
  Session session = WithAda();
  CHECK_FALSE(session.LogIn("bo!b@h", "bo"));
  session.Take(ParseLine(":bo!b@h JOIN #incidents"));
  CHECK(session.LogIn("bo!b@h", "bo"));
}

TEST_CASE("the bot hears what is said to it, by people, and nothing else", "[irc]") {
  Session session = WithAda();
  const auto heard = [&](const std::string& line) {
    const auto step = session.Take(ParseLine(":ada!a@host.example " + line));
    return step.heard ? "[" + step.heard->channel + "]" + step.heard->text : "nothing";
  };
  CHECK(heard("PRIVMSG #incidents :recourse: runs") == "[#incidents]runs");
  CHECK(heard("PRIVMSG #incidents :Recourse, runs") == "[#incidents]runs");
  CHECK(heard("PRIVMSG #incidents :!recourse runs") == "[#incidents]runs");
  CHECK(heard("PRIVMSG recourse :runs") == "[]runs");
  CHECK(heard("PRIVMSG #incidents :is recourse there?") == "nothing");
  CHECK(heard("PRIVMSG #incidents :recourses: runs") == "nothing");
  CHECK(heard("PRIVMSG recourse :\x01VERSION\x01") == "nothing");
  CHECK(heard("NOTICE recourse :runs") == "nothing");
  CHECK_FALSE(session.Take(ParseLine(":irc.example.net PRIVMSG recourse :runs")).heard);
}

TEST_CASE(
    "a nick that is taken is varied, a password is given, and a server that refuses is told of",
    "[irc]") {
  Session session({"recourse", "secret", ""}, {"#a", "#b"});
  CHECK(session.Hello() ==
        std::vector<std::string>{"PASS :secret", "NICK recourse", "USER recourse 0 * :Recourse"});
  CHECK(session.Take(ParseLine(":irc 433 * recourse :in use")).send ==
        std::vector<std::string>{"NICK recourse_"});
  CHECK(session.Take(ParseLine(":irc 001 recourse_ :Welcome")).send ==
        std::vector<std::string>{"JOIN #a", "JOIN #b"});
  CHECK(session.nick() == "recourse_");
  CHECK(session.Take(ParseLine("PING :x")).send == std::vector<std::string>{"PONG :x"});
  CHECK(session.Take(ParseLine(":irc 464 * :Password incorrect")).failed ==
        "the server refuses us: Password incorrect");
  CHECK_FALSE(session.IsIn("#a"));
}

TEST_CASE("an account is proved by SASL PLAIN", "[irc]") {
  Session session({"recourse", "secret", "bot"}, {"#a"});
  CHECK(session.Hello().front() == "CAP REQ :sasl");
  CHECK(session.Take(ParseLine(":irc CAP * ACK :sasl")).send ==
        std::vector<std::string>{"AUTHENTICATE PLAIN"});
  CHECK(session.Take(ParseLine("AUTHENTICATE +")).send ==
        std::vector<std::string>{"AUTHENTICATE AGJvdABzZWNyZXQ="});
  CHECK(session.Take(ParseLine(":irc 903 recourse :ok")).send ==
        std::vector<std::string>{"CAP END"});
  CHECK_FALSE(session.Take(ParseLine(":irc 904 recourse :no")).failed.empty());
}

}  // namespace
}  // namespace recourse::chatops::irc
