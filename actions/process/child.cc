#include "actions/process/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 has forgotten it in this header
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "actions/process/utf8.h"
#include "actions/stop_event.h"

namespace recourse::process {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kDrainMax = 1024 * 1024;  // at once; many times what a pipe holds

// Keeps what fits of a stream and passes its lines on to the log.
class Stream {
 public:
  Stream(Descriptor fd, std::size_t kept_max, const Context& context, bool logged)
      : fd_(std::move(fd)),
        head_max_(kept_max / 4 * 3),
        tail_max_(kept_max - head_max_),
        context_(context),
        logged_(logged) {
    fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  }

  int descriptor() const { return fd_.get(); }  // -1 after its end

  // Reads what is there now, up to a limit: a program that writes faster than it is read would else
  // keep its reader here for ever, past the deadline.
  void Drain() {
    char buffer[16384];
    for (std::size_t left = kDrainMax; left > 0 && fd_.valid(); left -= sizeof buffer) {
      const ssize_t count = read(fd_.get(), buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return fd_.Close();
      Take({buffer, static_cast<std::size_t>(count)});
    }
  }

  Captured Finish() {
    if (!line_.empty()) LogLine();
    Captured captured;
    captured.bytes = bytes_;
    const std::int64_t left_out = bytes_ - static_cast<std::int64_t>(head_.size() + tail_.size());
    captured.cut = left_out > 0;
    std::string text = std::move(head_);
    if (captured.cut) text += "\n[" + std::to_string(left_out) + " bytes are left out here]\n";
    text += tail_;
    captured.text = ToUtf8(text);
    return captured;
  }

 private:
  void Take(std::string_view bytes) {
    bytes_ += static_cast<std::int64_t>(bytes.size());
    for (const char c : bytes) {
      if (c == '\n' || line_.size() == kLineMax) LogLine();
      if (c != '\n') line_ += c;
    }
    const std::size_t to_head = std::min(bytes.size(), head_max_ - head_.size());
    head_ += bytes.substr(0, to_head);
    tail_ += bytes.substr(to_head);
    if (tail_.size() > tail_max_) tail_.erase(0, tail_.size() - tail_max_);
  }

  void LogLine() {
    if (logged_) context_.log(ToUtf8(line_));
    line_.clear();
  }

  Descriptor fd_;
  const std::size_t head_max_;
  const std::size_t tail_max_;
  const Context& context_;
  const bool logged_;
  std::string head_, tail_, line_;
  std::int64_t bytes_ = 0;
};

struct Started {
  pid_t pid = 0;
  Descriptor pidfd;
  Descriptor output, errors;
};

// A file without a name, so that nobody waits for anybody when much is written to it.
Result<Descriptor> InputOf(const std::string& text) {
  if (text.empty()) return OpenFile("/dev/null", O_RDONLY);
  Descriptor file(memfd_create("input", MFD_CLOEXEC));
  if (!file.valid()) return ErrnoError(errno, "make the input of a program");
  if (auto written = WriteAll(file.get(), text); !written) return std::move(written).error();
  if (lseek(file.get(), 0, SEEK_SET) != 0) return ErrnoError(errno, "make the input of a program");
  return file;
}

Result<Started> Start(const Image& image, const std::string& text) {
  auto input = InputOf(text);
  if (!input) return std::move(input).error();
  auto output = MakePipe();
  if (!output) return std::move(output).error();
  auto errors = MakePipe();
  if (!errors) return std::move(errors).error();
  auto report = MakePipe();
  if (!report) return std::move(report).error();
  const Image::Pointers pointers = image.Point();

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError(errno, "make a process for " + image.path());
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it died before the line above
    image.Become(pointers, input->get(), output->write.get(), errors->write.get(),
                 report->write.get());
  }
  setpgid(pid, pid);  // here too, so that it is true whoever comes first
  report->write.Close();
  auto told = image.ReadReport(report->read.get());
  Descriptor pidfd(told ? pidfd_open(pid, 0) : -1);
  if (told && !pidfd.valid()) {
    told = ErrnoError(errno, "watch the process of " + image.path());
    kill(-pid, SIGKILL);
  }
  if (!told) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return std::move(told).error();
  }
  return Started{pid, std::move(pidfd), std::move(output->read), std::move(errors->read)};
}

// Reads both streams until the program has ended, and ends it when the context is stopped. Answers
// whether it was stopped.
bool Attend(const Started& child, Stream& output, Stream& errors, const ChildOptions& options,
            const Context& context) {
  const StopEvent stop(context);
  bool stopped = false;
  SteadyClock::time_point next = context.deadline;  // when to do something about it
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now());
    pollfd fds[] = {{child.pidfd.get(), POLLIN, 0},
                    {output.descriptor(), POLLIN, 0},
                    {errors.descriptor(), POLLIN, 0},
                    {stopped ? -1 : stop.descriptor(), POLLIN, 0}};
    poll(fds, 4, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 86'400'000)));
    output.Drain();
    errors.Drain();
    if (fds[0].revents != 0) return stopped;
    if (!stopped && stop.stopped()) {
      stopped = true;
      kill(-child.pid, SIGTERM);
      next = SteadyClock::now() + options.grace;
    } else if (stopped && SteadyClock::now() >= next) {
      kill(-child.pid, SIGKILL);
      next = SteadyClock::now() + options.grace;
    }
  }
}

}  // namespace

std::string Finished::Ending() const {
  if (signal == 0) return "exit code " + std::to_string(exit_code);
  const char* name = sigdescr_np(signal);
  return "killed by signal " + std::to_string(signal) +
         (name != nullptr ? " (" + std::string(name) + ")" : "");
}

Result<Finished> RunChild(const Program& program, const ChildOptions& options,
                          const Context& context) {
  auto image = Image::Find(program, context.policy);
  if (!image) return std::move(image).error();
  auto child = Start(*image, options.input);
  if (!child) return std::move(child).error();

  Stream output(std::move(child->output), options.output_max, context, options.log_output);
  Stream errors(std::move(child->errors), options.output_max, context, true);
  Finished finished;
  finished.stopped = Attend(*child, output, errors, options, context);
  // The program is not reaped yet, so its group's number is still its own.
  kill(-child->pid, SIGKILL);
  int status = 0;
  while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  output.Drain();
  errors.Drain();
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  finished.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  finished.output = output.Finish();
  finished.errors = errors.Finish();
  return finished;
}

}  // namespace recourse::process
