// test_syntax.c - the front: what is read, how it prints, and what is said about what can't be read.
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/ast.h"

typedef struct Reading {
  Arena *arena;
  Diags diags;
  Source source;
  AstFile *file;
  bool ok;
} Reading;

static Reading read_bytes(const char *text, size_t length) {
  Reading r = {.arena = arena_new()};
  diags_init(&r.diags, r.arena);
  // An exact copy on the heap, so that reading beyond it is seen.
  char *copy = malloc(length ? length : 1);
  memcpy(copy, text, length);
  r.source = (Source){"m.mdl", copy, length};
  return r;
}

static void parse(Reading *r) {
  r->ok = parse_source(r->arena, &r->diags, &r->source, &r->file);
}

static void done(Reading *r) {
  free((void *)(uintptr_t)r->source.text);
  arena_free(r->arena);
}

// The diagnostics without the source lines: "1:5: error: …" a line.
static void print_messages(Text *out, const Diags *d) {
  static const char *const words[] = {"error", "warning", "note"};
  for (size_t i = 0; i < d->count; i++) {
    size_t line, column;
    span_place(d->list[i].at, &line, &column);
    text_printf(out, "%zu:%zu: %s: %s\n", line, column, words[d->list[i].kind], d->list[i].message);
  }
}

// Reads a text, prints it, and reads what was printed: it must print as itself.
static void check_prints(const char *text, const char *printed) {
  Text first, second, messages;
  text_init(&first);
  text_init(&second);
  text_init(&messages);
  Reading r = read_bytes(text, strlen(text));
  parse(&r);
  print_messages(&messages, &r.diags);
  ck_assert_str_eq(messages.s, "");
  ck_assert(r.ok);
  ast_print(&first, r.file);
  ck_assert_str_eq(first.s, printed);
  Reading again = read_bytes(first.s, first.length);
  parse(&again);
  ck_assert(again.ok);
  ast_print(&second, again.file);
  ck_assert_str_eq(second.s, first.s);
  done(&again);
  done(&r);
  text_free(&messages);
  text_free(&second);
  text_free(&first);
}

static void check_same(const char *text) {
  check_prints(text, text);
}

START_TEST(statements_print_as_they_were_written) {
  check_same("dim h = 128\ndim T\nbatch n\n");
  check_same("data t_u[n]\ndata x[n, d]\ndata a\ndata y[n] in 0..k\ndata z[n] in 0..\n");
  check_same("param w = 1\nparam W[d, h] = normal(0, 1 / sqrt(d))\nparam v[d]\n");
  check_same("param sigma > 0 = 1\nparam nu > 1 + a = 4\nparam p in (0, 1) = 0.5\nparam q[k] in simplex\n");
  check_same("param t < 3 * a = 1\nparam c[k] in ordered\nparam L[d, d] in cholesky\nparam r > (if a then 0 else 1) = 2\n");
  check_same("const eps = 1e-05\nl[K, d * (d - 1) / 2] = x\nq[h] = x @ Wq[h]\nv[s, t in 0..T - K + 1] = a[s + t]\n");
  check_same("def f(x) = x^2 with d/dx = 2 * x\ndef g(x, y[d]) = x * y with d/dx = y, d/dy = x\ndef k() = 1\n");
  check_same("def f(x[d], g[d, k]) {\n  a = x + g\n  return a, b\n} with d/dx = 1\nu, v = f(x)\n");
  check_same("import \"layers.mdl\"\npredict t_p = w * t_u + b\npredict p[i] = x[i]\nmetric m = mean(e)\n");
  check_same("loss mean((t_p - t_c)^2)\ngradient w = mean(2 * (t_p - t_c) * t_u)\ngradient W[i, j] = 0\n");
  check_same("y ~ normal(mu, sigma)\ny[i in 1..n] ~ normal(phi * y[i - 1], s)\nlikelihood sum(normal.log(x, mu, s))\n");
  check_same("scan t in 0..T with h = zeros[m], c = 0 {\n  h = h + x[t]\n  yield y = h\n}\n");
  check_same("scan t in reverse a..b {\n  D[s] = D[s] + 1\n  L[i in j + 1..n, j] = 0\n  x[0, :] = 1\n}\n");
  check_same("iterate x = x0, r = r0 while r > 0.001 and x < 5 at most N {\n  r = r / 2\n"
             "  scan t in 0..3 {\n    x = x + 1\n  }\n}\n");
  check_same("iterate while r > 0 at most 10 {\n}\n");
  check_prints("data a[n], b in 0..2; param w = 1, v > 0\nconst c = 1, d = 2;; dim p, q = 3",
               "data a[n]\ndata b in 0..2\nparam w = 1\nparam v > 0\nconst c = 1\nconst d = 2\ndim p\ndim q = 3\n");
}
END_TEST

START_TEST(expressions_print_as_they_were_written) {
  check_same("x = a[i, j] + a[t] + a[m..2 * m] + a[:, j] + emb[token[t]][3]\n");
  check_same("x = sum[j](W[i, j] * x[j]) + mean(e) + argmax[i, j](a[i, j])\n");
  check_same("x = sum[j in 0..i](a) + max[u in 0..T if u <= t](s[u]) + sum[c, k if i + k >= 1 and i + k <= H](a)\n");
  check_same("x = [a, b, c] + [[a, b], [c, d]][0] + concat(a, [b]) + stack(a, b) + zeros[d, k] + ones[d] + eye[d]\n");
  check_same("x = grad(u, x) + grad.forward(u, x) + grad.reverse(u, x) + stop(x) + normal.log(x, 0, 1) + f()\n");
  check_same("x = A' @ (B + C)' + a[0]'\n");
  check_same("x = (if a then b else c) + 1\ny = if if a then b else c then d else if e then f else g\n");
  check_same("x = 0 + 9223372036854775807 + 0.1 + 1.5e+300 + 100000.0 + 1e-05\n");
  check_prints("x = 1. + .5 + 2.5e3 + 1e5 + 2.*y + 1.^2 + a[0..2]\n",
               "x = 1.0 + 0.5 + 2500.0 + 100000.0 + 2.0 * y + 1.0^2 + a[0..2]\n");
  check_prints("x = ((a)) + (b * c)\n", "x = a + b * c\n");
  // Only the language's own words are reserved.
  check_same("at = most\nmost = at\nint = double\nsum = simplex\niterate at = at while at > most at most at {\n}\n");
}
END_TEST

// An expression with every operation in brackets.
static void print_grouped(Text *out, const AstExpr *e) {
  if (e->kind == AST_UNARY) {
    bool behind = e->unary.op == OP_TRANSPOSE;
    text_put(out, behind ? "(" : e->unary.op == OP_NOT ? "(not " : "(-");
    print_grouped(out, e->unary.operand);
    text_put(out, behind ? "')" : ")");
  } else if (e->kind == AST_BINARY) {
    text_char(out, '(');
    print_grouped(out, e->binary.left);
    text_printf(out, " %s ", binary_op_text(e->binary.op));
    print_grouped(out, e->binary.right);
    text_char(out, ')');
  } else if (e->kind == AST_IF) {
    text_put(out, "(if ");
    print_grouped(out, e->choice.condition);
    text_put(out, " then ");
    print_grouped(out, e->choice.yes);
    text_put(out, " else ");
    print_grouped(out, e->choice.no);
    text_char(out, ')');
  } else {
    ast_print_expr(out, e);
  }
}

START_TEST(operators_bind_as_the_language_says) {
  static const char *const table[][2] = {
      {"a^b^c", "(a ^ (b ^ c))"},
      {"a^-b", "(a ^ (-b))"},
      {"a^-b^c", "(a ^ (-(b ^ c)))"},
      {"a^--b", "(a ^ (-(-b)))"},
      {"-x^2", "(-(x ^ 2))"},
      {"(-x)^2", "((-x) ^ 2)"},
      {"--x", "(-(-x))"},
      {"2^x'", "(2 ^ (x'))"},
      {"-a * -b", "((-a) * (-b))"},
      {"a * b / c // d % e @ f", "(((((a * b) / c) // d) % e) @ f)"},
      {"a - b - c + d", "(((a - b) - c) + d)"},
      {"a + b * c", "(a + (b * c))"},
      {"a - (b - c)", "(a - (b - c))"},
      {"a + 1 < b * 2", "((a + 1) < (b * 2))"},
      {"not a == b", "(not (a == b))"},
      {"not not a", "(not (not a))"},
      {"not a and b", "((not a) and b)"},
      {"a or b and c or d", "((a or (b and c)) or d)"},
      {"a <= b and c != d", "((a <= b) and (c != d))"},
      {"(a < b) == (c > d)", "((a < b) == (c > d))"},
      {"if a or b then c + d else e + f", "(if (a or b) then (c + d) else (e + f))"},
      {"if a then b else if c then d else e", "(if a then b else (if c then d else e))"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    Reading r = read_bytes(table[i][0], strlen(table[i][0]));
    AstExpr *e;
    ck_assert_msg(ast_parse_expression(r.arena, &r.diags, &r.source, &e), "%s", table[i][0]);
    Text out;
    text_init(&out);
    print_grouped(&out, e);
    ck_assert_str_eq(out.s, table[i][1]);
    ck_assert_uint_eq(e->span.begin, 0);
    ck_assert_uint_eq(e->span.end, r.source.length);
    // Canonical text keeps the structure.
    const char *text = ast_expr_text(r.arena, e);
    Reading again = read_bytes(text, strlen(text));
    ck_assert(ast_parse_expression(again.arena, &again.diags, &again.source, &e));
    text_clear(&out);
    print_grouped(&out, e);
    ck_assert_str_eq(out.s, table[i][1]);
    text_free(&out);
    done(&again);
    done(&r);
  }
}
END_TEST

START_TEST(a_newline_ends_a_statement_unless_it_can_not) {
  check_prints("# a comment\n\n  x = 1 # another\n\ty = 2;z = 3;\n", "x = 1\ny = 2\nz = 3\n");
  check_prints("x = a +\n # between\n\n b\ny =\n 3", "x = a + b\ny = 3\n");
  check_prints("x = f(a\n  , b\n)\ny = [1,\n2\n]\nz = a[\ni\n]", "x = f(a, b)\ny = [1, 2]\nz = a[i]\n");
  check_prints("x = if a then\n b else\n c\ndata a,\n b\ny ~\n normal(0, 1)",
               "x = if a then b else c\ndata a\ndata b\ny ~ normal(0, 1)\n");
  check_prints("x = a and\n b or\n not\n c @\n d ==\n e", "x = a and b or not c @ d == e\n");
  check_prints("data y[n] in 0..\nx = 1", "data y[n] in 0..\nx = 1\n");
  check_prints("x = A'\ny = 1", "x = A'\ny = 1\n");
  check_prints("def f(x) { y = x; return y }\nscan t in 0..T {\n\n h = 1 }\nscan t in 0..T { }",
               "def f(x) {\n  y = x\n  return y\n}\nscan t in 0..T {\n  h = 1\n}\nscan t in 0..T {\n}\n");
  check_prints("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n");
  check_prints("\xef\xbb\xbfx = 1", "x = 1\n");
  check_prints("x = sum[i](\n  a[i]\n) # (\ny = 1", "x = sum[i](a[i])\ny = 1\n");
  check_prints("", "");
  check_prints("\n;;\n# only a comment", "");
}
END_TEST

typedef struct Wrong {
  const char *text, *messages;
} Wrong;

static const Wrong wrong[] = {
    {"x = 3 +* 2\n", "1:8: error: expected an expression after `+`, found `*`\n"},
    {"x = a *", "1:8: error: expected an expression after `*`\n"},
    {"x = a *\ny = b\nz = 1\n", "1:8: error: expected an expression after `*`\n"},
    {"x = a *\nloss b\n", "1:8: error: expected an expression after `*`\n"},
    {"x = ;\n", "1:4: error: expected an expression after `=`\n"},
    {"x = a b\n", "1:7: error: expected an operator or the end of the statement after `a`, found `b`\n"},
    {"x = f(a\n  b)\n",
     "2:3: error: expected an operator, `)` or `,` after `a`, found `b`\n1:6: note: this `(` is still open\n"},
    {"x = (a + b\ny = 3\nz = 1 1\n",
     "1:5: error: this `(` is never closed\n3:7: error: expected an operator or the end of the statement after `1`, "
     "found `1`\n"},
    {"x = f(a, [1, 2)\ny = 1 1\n",
     "1:10: error: this `[` is never closed\n2:7: error: expected an operator or the end of the statement after `1`, "
     "found `1`\n"},
    {"x = (a + b\nloss y\n", "1:5: error: this `(` is never closed\n"},
    {"x = [1, 2\ny[i] = 3\n", "1:5: error: this `[` is never closed\n"},
    {"x = (1; y = 2\n", "1:5: error: this `(` is never closed\n"},
    {"x = f(a,\n", "1:6: error: this `(` is never closed\n"},
    {"x = (a]\n", "1:7: error: expected `)` here, found `]`\n1:5: note: to close this `(`\n"},
    {"x = a)\ny = b]\n}\n", "1:6: error: this `)` closes nothing\n2:6: error: this `]` closes nothing\n"
                             "3:1: error: this `}` closes nothing\n"},
    {"def f(x) {\n  return x\n", "1:10: error: this `{` is never closed\n"},
    {"scan t in 0..T {\n  x = (1\n}\n", "2:7: error: this `(` is never closed\n"},
    {"prama w = 1\nlos x\n", "1:1: error: unknown statement `prama`; did you mean `param`?\n"
                              "2:1: error: unknown statement `los`; did you mean `loss`?\n"},
    {"x = data + 1\nparam loss = 1\n", "1:5: error: expected an expression, but `data` is a word of the language\n"
                                       "2:7: error: expected a name, but `loss` is a word of the language\n"},
    {"x = 3 + if a then b else c\n",
     "1:9: error: put brackets around an `if` within an expression: `(if ... then ... else ...)`\n"},
    {"x = a == not b\n", "1:10: error: put brackets around a `not` within an expression: `(not ...)`\n"},
    {"x = a < b < c <= d\n",
     "1:11: error: comparisons can't be chained: join them by `and`, as in `a < b and b < c`\n"},
    {"x = if c 3\n", "1:10: error: expected an operator or `then` after `c`, found `3`\n"},
    {"x = if c then 3\n", "1:16: error: expected an operator or `else` after `3`\n"},
    {"x = (a = b)\n", "1:8: error: expected an operator or `)`, found `=`; to compare, write `==`\n"},
    {"x = a\n  + b\n", "2:3: error: a statement can't begin with `+`\n"
                        "1:5: note: an expression goes on in the next line after an operator, or within brackets\n"},
    {"// a note\nx = a.T + 1\n", "1:1: error: a comment begins with `#`, not `//`\n"
                                 "2:7: error: a transpose is written `x'`, not `x.T`\n"},
    {"x = 1 && 2 || !3 ** 4\n",
     "1:7: error: write `and`, not `&&`\n1:12: error: write `or`, not `||`\n1:15: error: write `not`, not `!`\n"
     "1:18: error: write `^` for a power, not `**`\n"},
    {"x = $3 - 3x\n",
     "1:5: error: the character `$` has no meaning\n1:10: error: `3x` is neither a number nor a name\n"},
    {"\xcf\x83 = 1\n", "1:1: error: `\xcf\x83` can't be used here: names are made of the letters a to z and A to Z, "
                       "digits and `_`\n1:3: error: a statement can't begin with `=`\n"},
    {"x = 1\x01\xff\x02\n", "1:6: error: the byte 0x01 can't be used here: is this a text file?\n"},
    {"x = 9223372036854775808 + 1e999\n",
     "1:5: error: `9223372036854775808` is too large for an integer (at most 9223372036854775807)\n"
     "1:27: error: `1e999` is too large for a number\n"},
    {"import \"abc\nimport layers\n",
     "1:8: error: this text is never closed: a `\"` is missing at its end\n"
     "2:8: error: expected a file's name in double quotes after `import`, found `layers`\n"},
    {"def f(x = 3\n", "1:9: error: expected `)`, `[` or `,` after `x`, found `=`\n"},
    {"def f(x) {\n  a =\n  b = 3 3\n  return a\n}\nx = 1 1\n",
     "2:6: error: expected an expression after `=`\n"
     "3:9: error: expected an operator or the end of the statement after `3`, found `3`\n"
     "6:7: error: expected an operator or the end of the statement after `1`, found `1`\n"},
    // What begins a statement begins one, whatever the line before ends in.
    {"x = a +\n\n  # b\nloss 1 1\ny[i] =\nz = 2 2\nparam w = 1,\nb = 0,\nloss 3 3\n",
     "1:8: error: expected an expression after `+`\n"
     "4:8: error: expected an operator or the end of the statement after `1`, found `1`\n"
     "5:7: error: expected an expression after `=`\n"
     "6:7: error: expected an operator or the end of the statement after `2`, found `2`\n"
     "8:7: error: expected a name after `,`\n"
     "9:8: error: expected an operator or the end of the statement after `3`, found `3`\n"},
    // A block behind a wrong head is read, its end too, and what stands behind it is passed over.
    {"scan t 0..T with h = 1 {\n  h = h h\n  scan k 0..T { x = = }\n} x\ndef f(x { return 2 2 } with d/dx = =\n",
     "1:8: error: expected `in` after `t`, found `0`\n"
     "2:9: error: expected an operator or the end of the statement after `h`, found `h`\n"
     "3:10: error: expected `in` after `k`, found `0`\n"
     "3:21: error: expected an expression after `=`, found `=`\n"
     "5:9: error: expected `)`, `[` or `,` after `x`, found `{`\n"
     "5:20: error: expected an operator, `,` or the end of the statement after `2`, found `2`\n"},
    {"scan t 0..T with h = 1 {\n  h = h\n  yield y = h\n}\nx = 1 1\n",
     "1:8: error: expected `in` after `t`, found `0`\n"
     "5:7: error: expected an operator or the end of the statement after `1`, found `1`\n"},
    {"scan t in T { x = 1 }\n", "1:13: error: expected an operator or `..` after `T`, found `{`\n"},
    {"iterate x = 1 while x > 0 {\n  x = 2\n}\n", "1:27: error: expected an operator or `at` after `0`, found `{`\n"},
    {"param x in simplx\n",
     "1:12: error: unknown constraint `simplx`; did you mean `simplex`?\n"
     "1:12: note: a parameter is in `(a, b)`, `simplex`, `ordered`, `cholesky`, above a bound, `> a`, or below one, "
     "`< b`\n"},
    {"param z <= 3\n",
     "1:9: error: expected `in`, `[`, `,`, `=`, `<`, `>` or the end of the statement after `z`, found `<=`\n"},
    {"x = a[i if b]\n",
     "1:12: error: a condition in brackets belongs to a reduction, as in `sum[j if j > 0](...)`\n"},
    {"x = a[j in 0..3]\n", "1:7: error: an index with a range belongs to a reduction, as in `sum[j in 0..n](...)`, or "
                            "to what is defined\n"},
    {"x = sum[i + 1](3)\n",
     "1:9: error: a reduction's index must be a name, as in `sum[j](...)` or `sum[j in 0..n](...)`\n"},
    {"x = sum[i](a, b)\n", "1:11: error: a reduction takes one expression, but here are 2\n"},
    {"x = a[]\n", "1:7: error: expected an expression or `:` after `[`, found `]`\n"},
    {"a, b[i] = f(x)\n", "1:4: error: where several names are defined at once, each must be a name alone\n"},
    {"f(x)\n", "1:2: error: expected `[`, `,`, `=` or `~` after `f`, found `(`\n"},
    {"x = f(a)(b)\n", "1:5: error: only a function can be called, by its name\n"},
    {"x = grad.forward\n", "1:17: error: expected `(` after `forward`\n"},
    {"y ~ normal\n", "1:11: error: expected `(` after `normal`\n"},
    {"def f(x) { param w = 1 }\n", "1:12: error: `param` can only stand at the top of the file, outside `{ }`\n"},
    {"yield y = 3\n", "1:1: error: `yield` can only stand directly in a scan's `{ }`\n"},
    {"scan t in 0..3 { return 3 }\n", "1:18: error: `return` can only stand directly in a function's `{ }`\n"},
    {"def f(x) = x with d/x = 3\n",
     "1:19: error: a derivative is given as `d/dx = ...`, with the argument's name for x\n"},
    {"data y[n] in k\n", "1:15: error: expected an operator or `..` after `k`\n"},
    {"dim 3\nbatch\nconst x\nloss\n", "1:5: error: expected a name after `dim`, found `3`\n"
                                       "2:6: error: expected a name after `batch`\n"
                                       "3:8: error: expected `=` after `x`\n"
                                       "4:5: error: expected an expression after `loss`\n"},
};

START_TEST(a_wrong_text_is_told_exactly) {
  const Wrong *w = &wrong[_i];
  Text messages;
  text_init(&messages);
  Reading r = read_bytes(w->text, strlen(w->text));
  parse(&r);
  print_messages(&messages, &r.diags);
  ck_assert_str_eq(messages.s, w->messages);
  ck_assert(!r.ok);
  done(&r);
  text_free(&messages);
}
END_TEST

static void check_shown(const char *text, const char *shown) {
  Text out;
  text_init(&out);
  Reading r = read_bytes(text, strlen(text));
  parse(&r);
  diags_print(&r.diags, &out, false);
  ck_assert_str_eq(out.s, shown);
  done(&r);
  text_free(&out);
}

START_TEST(an_error_shows_its_line_underlined) {
  check_shown("x = 1\nparam p in simplx # \xcf\x83\n",
              "m.mdl:2:12: error: unknown constraint `simplx`; did you mean `simplex`?\n"
              "  param p in simplx # \xcf\x83\n"
              "             ^~~~~~\n"
              "m.mdl:2:12: note: a parameter is in `(a, b)`, `simplex`, `ordered`, `cholesky`, above a bound, `> a`, or "
              "below one, `< b`\n"
              "  param p in simplx # \xcf\x83\n"
              "             ^~~~~~\n");
  check_shown("\tx =\t3xyz\r\n", "m.mdl:1:6: error: `3xyz` is neither a number nor a name\n"
                                "  \tx =\t3xyz\n"
                                "  \t   \t^~~~\n");
  check_shown("import \"\xcf\x83\xcf\x83\"; x = 3x\x1b\n",
              "m.mdl:1:18: error: `3x` is neither a number nor a name\n"
              "  import \"\xcf\x83\xcf\x83\"; x = 3x?\n"
              "                   ^~\n"
              "m.mdl:1:20: error: the byte 0x1b can't be used here: is this a text file?\n"
              "  import \"\xcf\x83\xcf\x83\"; x = 3x?\n"
              "                     ^\n");
  check_shown("x = 1 +", "m.mdl:1:8: error: expected an expression after `+`\n  x = 1 +\n         ^\n");
}
END_TEST

START_TEST(a_long_line_is_shown_around_the_place) {
  Text text, out;
  text_init(&text);
  text_init(&out);
  for (int i = 0; i < 1000; i++) text_printf(&text, "x%03d = 1; ", i);
  text_put(&text, "y = 3x; ");
  for (int i = 0; i < 1000; i++) text_printf(&text, "z%03d = 1; ", i);
  Reading r = read_bytes(text.s, text.length);
  parse(&r);
  diags_print(&r.diags, &out, false);
  ck_assert_str_eq(out.s, "m.mdl:1:10005: error: `3x` is neither a number nor a name\n"
                          "  ... = 1; x997 = 1; x998 = 1; x999 = 1; y = 3x; z000 = 1; z001 = 1; z002 = 1; z003 = 1; "
                          "z004 = 1; z005 =...\n"
                          "                                             ^~\n");
  done(&r);
  text_free(&out);
  text_free(&text);
}
END_TEST

START_TEST(diagnostics_are_counted_muted_and_limited) {
  Arena *a = arena_new();
  Diags d;
  diags_init(&d, a);
  Source source = {"m.mdl", "x = y\n", 6};
  Span at = {&source, 4, 5};
  diag_error(&d, at, "one");
  diag_note(&d, at, "why");
  diag_error(&d, at, "one"); // told already, its note too
  diag_note(&d, at, "why");
  ck_assert_uint_eq(d.count, 2);
  size_t outer = diag_mute(&d), inner = diag_mute(&d);
  ck_assert(diag_unmute(&d, inner));
  diag_error(&d, at, "unheard");
  diag_note(&d, at, "unheard");
  ck_assert(!diag_unmute(&d, outer));
  ck_assert_uint_eq(d.count, 2);
  ck_assert_uint_eq(d.errors, 1);
  for (int i = 0; i < 100; i++) diag_error(&d, at, "number %d", i);
  ck_assert_uint_eq(d.errors, 101);
  diag_warning(&d, (Span){.source = NULL}, "placeless");
  Text out;
  text_init(&out);
  diags_print(&d, &out, false);
  ck_assert_ptr_nonnull(strstr(out.s, "\nwarning: placeless\n"));
  ck_assert_ptr_nonnull(strstr(out.s, "and 51 more errors\n"));
  text_free(&out);
  arena_free(a);
}
END_TEST

START_TEST(a_slip_finds_the_name_meant) {
  static const char *const names[] = {"t_u", "t_c", "sigma", "softmax", "w"};
  static const char *const table[][2] = {{"t_x", "t_u"},      {"sgima", "sigma"}, {"sigm", "sigma"}, {"sftmaks", NULL},
                                         {"sofmtax", "softmax"}, {"v", NULL},     {"mu", NULL},      {"", NULL}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    const char *near = diag_nearest(table[i][0], names, 5);
    ck_assert_msg(near == table[i][1] || (near && table[i][1] && strcmp(near, table[i][1]) == 0), "%s: %s",
                  table[i][0], near ? near : "none");
  }
}
END_TEST

static const char *repeated(Text *t, const char *before, const char *unit, int count, const char *after) {
  text_clear(t);
  text_put(t, before);
  for (int i = 0; i < count; i++) text_put(t, unit);
  text_put(t, after);
  return t->s;
}

static void check_first_message(const Text *text, const char *message) {
  Reading r = read_bytes(text->s, text->length);
  parse(&r);
  if (message) {
    ck_assert_uint_ge(r.diags.count, 1);
    ck_assert_str_eq(r.diags.list[0].message, message);
  } else {
    ck_assert(r.ok);
    Text out;
    text_init(&out);
    ast_print(&out, r.file);
    text_free(&out);
  }
  done(&r);
}

START_TEST(depth_is_limited_and_size_is_not) {
  const char *high = "this expression is more than 2000 operations deep; give a part of it a name of its own";
  const char *brackets = "brackets are nested more than 500 deep", *stack = "this is nested too deeply";
  Text t;
  text_init(&t);
  repeated(&t, "x = ", "a + ", 1999, "a\n");
  check_first_message(&t, NULL);
  repeated(&t, "x = ", "a + ", 100000, "a\n");
  check_first_message(&t, high);
  repeated(&t, "x = ", "-", 1999, "a\n");
  check_first_message(&t, NULL);
  repeated(&t, "x = ", "a^", 5000, "a\n");
  check_first_message(&t, high);
  repeated(&t, "x = a", "[0]'", 1000, "\n");
  check_first_message(&t, high);
  repeated(&t, "x = ", "if a then b else ", 1999, "a\n");
  check_first_message(&t, NULL);
  repeated(&t, "x = ", "not ", 100000, "a\n");
  check_first_message(&t, stack);
  repeated(&t, "x = ", "(", 100000, "a\n");
  check_first_message(&t, brackets);
  repeated(&t, "", "scan t in 0..T {\n", 100000, "");
  check_first_message(&t, brackets);
  repeated(&t, "x = [", "1.5,\n# comment\n", 100000, "1]\n");
  check_first_message(&t, NULL);
  repeated(&t, "", "y = sum[j in 0..i](W[i, j] * x[j]) + 1\n", 20000, "");
  check_first_message(&t, NULL);
  repeated(&t, "x = [", "(1\n", 200, "\n");
  check_first_message(&t, "this `(` is never closed");
  text_free(&t);
}
END_TEST

START_TEST(a_zero_byte_ends_the_text) {
  Reading r = read_bytes("x = 1\n\0y = (", 12);
  parse(&r);
  Text out;
  text_init(&out);
  print_messages(&out, &r.diags);
  ck_assert_str_eq(out.s, "2:1: error: a zero byte ends the text here: is this a text file?\n");
  text_free(&out);
  done(&r);
}
END_TEST

// A small generator of its own, so that every run reads the same bytes.
static uint32_t dice(uint64_t *state, uint32_t sides) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33) % sides;
}

START_TEST(no_bytes_upset_the_front) {
  static const char *const words[] = {
      "x", "=", "(", ")", "[", "]", "{", "}", ",", ";", "\n", "\n", "..", ".", "'", "^", "-", "+", "<", "==", "~", ":",
      "if", "then", "else", "scan", "in", "with", "iterate", "while", "at", "most", "def", "return", "data", "param",
      "1", "2.5", "1.", "sum", "[j](", "not", "and", "reverse", "\"", "#", "\xcf\x83", "\xff", "\\", "$", "d/dx", "loss"};
  uint64_t state = 20240501;
  Text text, out;
  text_init(&text);
  text_init(&out);
  for (int round = 0; round < 3000; round++) {
    text_clear(&text);
    text_clear(&out);
    uint32_t count = dice(&state, 60);
    for (uint32_t i = 0; i < count; i++) {
      if (round % 3 == 0) {
        text_char(&text, (char)dice(&state, 256));
      } else {
        text_put(&text, words[dice(&state, sizeof words / sizeof words[0])]);
        text_char(&text, ' ');
      }
    }
    Reading r = read_bytes(text.s, text.length);
    parse(&r);
    ck_assert_msg(r.ok == (r.diags.errors == 0), "%s", text.s);
    diags_print(&r.diags, &out, round % 2 == 0);
    ast_print(&out, r.file);
    done(&r);
  }
  text_free(&out);
  text_free(&text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("syntax");
  TCase *tests = tcase_create("syntax");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, statements_print_as_they_were_written);
  tcase_add_test(tests, expressions_print_as_they_were_written);
  tcase_add_test(tests, operators_bind_as_the_language_says);
  tcase_add_test(tests, a_newline_ends_a_statement_unless_it_can_not);
  tcase_add_loop_test(tests, a_wrong_text_is_told_exactly, 0, (int)(sizeof wrong / sizeof wrong[0]));
  tcase_add_test(tests, an_error_shows_its_line_underlined);
  tcase_add_test(tests, a_long_line_is_shown_around_the_place);
  tcase_add_test(tests, diagnostics_are_counted_muted_and_limited);
  tcase_add_test(tests, a_slip_finds_the_name_meant);
  tcase_add_test(tests, depth_is_limited_and_size_is_not);
  tcase_add_test(tests, a_zero_byte_ends_the_text);
  tcase_add_test(tests, no_bytes_upset_the_front);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
