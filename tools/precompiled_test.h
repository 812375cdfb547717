// What tests/ and src/*_test.cc read besides precompiled.h, compiled once for all of them.
#pragma once

#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "precompiled.h"
