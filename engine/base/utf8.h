// UTF-8 a byte at a time, for who cuts or counts text. Whether text is UTF-8 at all: IsUtf8 of
// text.h.
#pragma once

namespace recourse {

// Whether the byte is one of a character's that does not begin it.
inline bool ContinuesCharacter(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace recourse
