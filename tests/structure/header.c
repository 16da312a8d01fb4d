/* The header as C11. */
#include "muster/destination.h"

_Static_assert(sizeof(muster_text) == 16, "two words");
typedef int muster_header_is_c;
