// Bytes of packed files and of pipes.
#include "cohort/byte_stream.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/error.hpp"
#include "cohort/file_kinds.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using testing::TempDir;

std::string read_in_steps(ByteStream& stream, std::size_t step) {
  std::string all;
  std::string part(step, '\0');
  while (const auto count = stream.read(part.data(), step)) all.append(part, 0, count);
  return all;
}

//! One frame, with or without the checksum that ends it.
std::string zstd(const std::string& text, int checksum) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

TEST(ByteStream, ReadsWholeZstdFramesInStepsOfAnySize) {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7919 % 10'007) + '\n';
  for (const int checksum : {0, 1}) {
    const auto file = dir.write("c.zst", zstd(text, checksum));
    for (const std::size_t step : {std::size_t{1}, std::size_t{4096}, std::size_t{131'072},
                                   text.size() - 1, text.size(), text.size() + 1}) {
      EXPECT_EQ(read_in_steps(*open_byte_stream(file), step), text)
          << "checksum " << checksum << ", step " << step;
    }
  }
}

TEST(ByteStream, RefusesAZstdFrameCutAnywhere) {
  const TempDir dir;
  const std::string text(5'000, 'a');
  for (const int checksum : {0, 1}) {
    const auto packed = zstd(text, checksum);
    for (std::size_t size = 5; size < packed.size(); ++size) {
      const auto file = dir.write("cut.zst", packed.substr(0, size));
      EXPECT_THROW(read_in_steps(*open_byte_stream(file), text.size()), Error) << size;
    }
  }
}

TEST(ByteStream, TakesZerosBehindTheLastGzipMemberForPadding) {
  const TempDir dir;
  const auto packed = testing::gzipped("email\na@b.com\n") + testing::gzipped("b@b.com\n");
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{512}, std::size_t{300'000}}) {
    const auto file = dir.write("c.gz", packed + std::string(zeros, '\0'));
    EXPECT_EQ(read_in_steps(*open_byte_stream(file), 4096), "email\na@b.com\nb@b.com\n") << zeros;
  }
}

TEST(ByteStream, RefusesAnythingElseBehindTheLastGzipMember) {
  const TempDir dir;
  const auto packed = testing::gzipped("email\na@b.com\n");
  const std::string far(300'000, '\0');
  for (const auto& behind : {std::string("x"), far + 'x', far + packed, std::string("\0x", 2)}) {
    const auto file = dir.write("c.gz", packed + behind);
    EXPECT_THROW(read_in_steps(*open_byte_stream(file), 4096), Error) << behind.size();
  }
}

//! Asks for the end after a few beats.
struct ShortPatience {
  Cancellation cancellation;
  int beats = 0;
  Waiting waiting{&cancellation, [this] {
                    if (++beats == 3) cancellation.request();
                  }};
};

TEST(ByteStream, WaitForAPipeEndsWithTheUsersWish) {
  const TempDir dir;
  const auto pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const bool has_writer : {false, true}) {
    ShortPatience patience;
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    const int writer = has_writer ? ::open(pipe.c_str(), O_WRONLY) : -1;
    try {
      open_byte_stream(pipe, patience.waiting);
      ADD_FAILURE() << "did not wait";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
    }
    EXPECT_EQ(patience.beats, 3);
    ::close(reader);
    if (writer >= 0) ::close(writer);
  }
}

TEST(ByteStream, ReadsAPipeToItsEnd) {
  const TempDir dir;
  const auto pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  const int writer = ::open(pipe.c_str(), O_WRONLY);
  ASSERT_EQ(::write(writer, "email\na@b.com\n", 14), 14);
  const auto stream = open_byte_stream(pipe);
  ::close(writer);
  ::close(reader);
  EXPECT_EQ(read_in_steps(*stream, 5), "email\na@b.com\n");
}

}  // namespace
}  // namespace muster
