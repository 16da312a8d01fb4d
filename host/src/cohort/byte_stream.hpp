// The bytes of a file or of standard input, unpacked when they are gzip or zstd. One thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  //! At most `size` bytes into `to`; 0 at the end, and only when the stream is whole. Throws Error:
  //! unreadable, truncated, changed while it was read.
  virtual std::size_t read(char* to, std::size_t size) = 0;
  //! Bytes of the file as it lies on disk.
  virtual Source::Progress progress() const = 0;
};

//! `stream`, unpacked when its first bytes are those of gzip or zstd. `name` is what errors call
//! it. Throws Error where they are those of xz, bzip2 or zip.
std::unique_ptr<ByteStream> unpacked(std::unique_ptr<ByteStream> stream, std::string name);

//! Opens `file`; "-" is standard input. Gzip and zstd are known by their first bytes. `waiting` is
//! minded while a pipe gives nothing, and must outlive the stream.
std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file,
                                             const Waiting& waiting);
//! For whoever may wait for ever.
std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file);

}  // namespace muster
