// A request of HTTP/1.1 while it comes in, as far as is needed to know whether all of it is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace recourse::web {

class RequestText {
 public:
  // Of head and body, in bytes. `body_max` is the most that is waited for.
  RequestText(std::int64_t head_max, std::int64_t body_max)
      : head_max_(head_max), body_max_(body_max) {}

  // Takes what has come. REQUIRES: !complete().
  void Add(std::string_view bytes);

  // All of it is there, or enough to refuse it: a head or a body that is too large, or a body that
  // does not say its length. More is not needed.
  bool complete() const { return complete_; }
  // Whether a header says, or may say, who sends it (Authorization), as far as the head is there.
  bool names_sender() const { return names_sender_; }
  // Its sender waits for leave to send the body ("Expect: 100-continue"): answered once.
  bool TakeWaitsForLeave();

  // What has come. Headers that are not served are made unknown ones: Range, which means nothing to
  // what is made anew for each request, and Expect once it is answered.
  const std::string& text() const { return text_; }
  std::size_t size() const { return text_.size(); }

 private:
  void ReadHead(std::size_t head_end);

  std::int64_t head_max_;
  std::int64_t body_max_;
  std::string text_;
  std::size_t searched_ = 0;  // no end of the head before here
  std::size_t needed_ = 0;    // bytes of the whole, once the head is there
  bool complete_ = false;
  bool names_sender_ = false;
  bool waits_for_leave_ = false;
};

}  // namespace recourse::web
