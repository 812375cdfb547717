// Bodies of this layer's routes are read as those of the console's are.
#pragma once

#include "base/json/body.h"
