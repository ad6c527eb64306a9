/* cmocka with the headers that it forgets to include. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define UNIT_COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
