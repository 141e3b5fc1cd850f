#include "client/chatops/irc/line.h"

#include <catch2/catch.hpp>

namespace recourse::chatops::irc {
namespace {

TEST_CASE("a line of IRC is read with its prefix and its last parameter", "[irc]") {
  const Line line = ParseLine("@time=x :ada!a@host.example PRIVMSG #incidents :recourse: show R-1");
  CHECK(line.prefix == "ada!a@host.example");
  CHECK(line.nick == "ada");
  CHECK(line.command == "PRIVMSG");
  CHECK(line.parameters == std::vector<std::string>{"#incidents", "recourse: show R-1"});
  CHECK(ParseLine("PING :x").At(0) == "x");
  CHECK(ParseLine("").command.empty());
  CHECK(ParseLine(":only").command.empty());
}

TEST_CASE("nothing in a text can end the line, command the server or steer a terminal", "[irc]") {
  const auto lines = Speak("PRIVMSG", "#incidents",
                           "Wipe\r\nQUIT :bye\nJOIN #evil\x01\x1b[31m\x03"
                           "4\x9b\u202e\u0085?",
                           10);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "PRIVMSG #incidents :Wipe\\x0d");
  CHECK(lines[1] == "PRIVMSG #incidents :QUIT :bye");
  CHECK(lines[2].starts_with("PRIVMSG #incidents :JOIN #evil\\x01\\x1b[31m\\x034"));
  for (const std::string& line : lines) {
    for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST_CASE("long texts are cut between words, never within a character, and at last told of",
          "[irc]") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "w\u00f6rter ";
  const auto lines = Speak("NOTICE", "ada", text, 10);
  REQUIRE(lines.size() == 3);
  for (const std::string& line : lines) {
    CHECK(line.size() <= 400);
    CHECK(line.starts_with("NOTICE ada :w\u00f6rter "));
  }
  std::string word;
  for (int i = 0; i < 500; ++i) word += "\u00f6";
  for (const std::string& line : Speak("NOTICE", "ada", word, 10)) CHECK(line.size() % 2 == 0);

  const auto cut = Speak("NOTICE", "ada", "1\n2\n3\n4\n5", 3);
  REQUIRE(cut.size() == 3);
  CHECK(cut[1] == "NOTICE ada :2");
  CHECK(cut[2].starts_with("NOTICE ada :(3 more lines"));
}

TEST_CASE("a word is what cannot be taken for more", "[irc]") {
  CHECK(IsWord("#incidents"));
  for (const std::string text : {"", "a b", "a\r\nQUIT", ":x", "a\x01"}) CHECK_FALSE(IsWord(text));
  CHECK(Folded("Ada[1]\\") == "ada{1}|");
}

}  // namespace
}  // namespace recourse::chatops::irc
