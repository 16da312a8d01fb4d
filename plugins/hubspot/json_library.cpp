// Boost.JSON, compiled into the plugin: no shared library that a user would have to install.
#include <boost/json/src.hpp>
