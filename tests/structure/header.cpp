// The C header as C++20, as strictly as a compiler can be asked (ABI-1).
#include "muster/destination.h"

static_assert(sizeof(muster_text) == 16, "two words");
