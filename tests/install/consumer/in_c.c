/* A plugin in C that fits no host: what it takes to build one outside of muster's tree. */
#include <muster/destination.h>
#include <string.h>

const muster_destination* muster_destination_entry(const muster_offer* offer, muster_error* error) {
  static const char message[] = "this plugin is of another level";
  (void)offer;
  memcpy(error->message, message, sizeof message);
  return NULL;
}
