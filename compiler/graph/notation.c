// notation.c - the table of operators.
#include "graph/notation.h"

#include <stddef.h>

const Operator operators[] = {
    {PRIM_OR, "or", LEVEL_OR},       {PRIM_AND, "and", LEVEL_AND},         {PRIM_NOT, "not", LEVEL_NOT},
    {PRIM_EQ, "==", LEVEL_COMPARE},  {PRIM_NE, "!=", LEVEL_COMPARE},       {PRIM_LE, "<=", LEVEL_COMPARE},
    {PRIM_LT, "<", LEVEL_COMPARE},   {PRIM_GE, ">=", LEVEL_COMPARE},       {PRIM_GT, ">", LEVEL_COMPARE},
    {PRIM_ADD, "+", LEVEL_SUM},      {PRIM_SUB, "-", LEVEL_SUM},           {PRIM_MUL, "*", LEVEL_PRODUCT},
    {PRIM_DIV, "/", LEVEL_PRODUCT},  {PRIM_FLOORDIV, "//", LEVEL_PRODUCT}, {PRIM_MOD, "%", LEVEL_PRODUCT},
    {PRIM_NEG, "-", LEVEL_NEGATION}, {PRIM_POW, "^", LEVEL_POWER},         {PRIM_POWI, "^", LEVEL_POWER},
};
const int operator_count = (int)(sizeof operators / sizeof *operators);

const Operator *operator_of(Prim op) {
  for (int k = 0; k < operator_count; k++)
    if (operators[k].op == op) return &operators[k];
  return NULL;
}
