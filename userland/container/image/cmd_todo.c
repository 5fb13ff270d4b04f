#include "image_tool.h"
#define X(v) int cmd_##v(int argc, char **argv, struct error *err) { (void)argc; (void)argv; return error_set(err, ENOSYS, #v ": not there yet"); }
X(build) X(mount)
