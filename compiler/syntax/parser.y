/* parser.y - the grammar.  It only builds the tree; names, shapes and types are the checker's. */

%require "3.8"
%define api.pure full
%define api.prefix {mdlc_}
%define api.token.prefix {T_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {Reader *r}
%initial-action { @$ = (Span){r->source, 0, 0}; }

%code requires {
#include "syntax/ast.h"
#include "syntax/build.h"
}

%code {
#include <string.h>

#include "syntax/reader.h"

#define YYMAXDEPTH 20000
#define YYLLOC_DEFAULT(Current, Rhs, N) \
  ((Current) = (N) ? span_join(YYRHSLOC(Rhs, 1), YYRHSLOC(Rhs, N)) : span_after(YYRHSLOC(Rhs, 0)))
#define PUSH(list)                                                                                                   \
  (*((list).items = build_grow(r, (list).items, (list).count, &(list).room, sizeof *(list).items), \
     &(list).items[(list).count++]))

static void mdlc_error(const Span *at, Reader *r, const char *message);
}

%union {
  int64_t integer;
  double real;
  const char *text;
  Name name;
  AstExpr *expr;
  AstExprs exprs;
  Postfix postfix;
  Brackets brackets;
  Subscript subscript;
  Subscripts subscripts;
  Binder binder;
  Target target;
  Targets targets;
  Constraint constraint;
  Argument argument;
  Arguments arguments;
  Derivative derivative;
  Derivatives derivatives;
  Carry carry;
  Carries carries;
  Stmt *stmt;
  Block block;
  BinaryOp op;
  StmtKind kind;
  bool yes;
}

%token EOF 0 "the end of the file"
%token END "the end of the statement" FILE_START EXPR_START
%token NEWLINE /* never reaches the parser */
%token DIM "`dim`" BATCH "`batch`" DATA "`data`" PARAM "`param`" CONST "`const`" DEF "`def`" RETURN "`return`"
%token IMPORT "`import`" PREDICT "`predict`" LOSS "`loss`" METRIC "`metric`" LIKELIHOOD "`likelihood`"
%token GRADIENT "`gradient`" SCAN "`scan`" ITERATE "`iterate`" YIELD "`yield`"
%token IN "`in`" REVERSE "`reverse`" WITH "`with`" WHILE "`while`" IF "`if`" THEN "`then`" ELSE "`else`"
%token AND "`and`" OR "`or`" NOT "`not`"
%token OPEN "`(`" CLOSE "`)`" OPEN_SQUARE "`[`" CLOSE_SQUARE "`]`" OPEN_BRACE "`{`" CLOSE_BRACE "`}`"
%token COMMA "`,`" COLON "`:`" DOT "`.`" RANGE "`..`" ASSIGN "`=`" TILDE "`~`"
%token PLUS "`+`" MINUS "`-`" STAR "`*`" SLASH "`/`" FLOORDIV "`//`" PERCENT "`%`" MATMUL "`@`" POWER "`^`" PRIME "`'`"
%token EQ "`==`" NE "`!=`" LT "`<`" LE "`<=`" GT "`>`" GE "`>=`"
%token <integer> INT "a number"
%token <real> REAL "a number with a point"
%token <text> NAME "a name" AT_WORD "`at`" MOST "`most`" STRING "a file's name in double quotes"

%type <name> name member
%type <expr> expr disjunction conjunction inversion comparison chain sum product unary power exponent operand primary
%type <postfix> postfix
%type <exprs> exprs arguments shape
%type <brackets> brackets
%type <subscript> subscript
%type <subscripts> subscripts
%type <binder> range
%type <target> target
%type <targets> targets
%type <constraint> constraint
%type <argument> parameter
%type <arguments> parameters some_parameters
%type <derivative> derivative
%type <derivatives> derivatives some_derivatives
%type <carry> carry
%type <carries> carries iterated carried
%type <stmt> dim_item batch_item data_item param_item const_item head
%type <block> statements statement dim_items batch_items data_items param_items const_items block
%type <op> comparator adder multiplier
%type <kind> marker
%type <yes> reversed open

%%

start:
    FILE_START statements       { r->file->statements = $2; build_check_place(r, &$2, AST_IN_FILE); }
  | EXPR_START expr END         { r->expr = $2; }
  | EXPR_START error END        { yyerrok; }
  ;

statements:
    %empty                      { $$ = (Block){.items = NULL}; }
  | statements END              { $$ = $1; }
  | statements statement END    {
                                  $$ = $1;
                                  const bool faulty = build_take_fault(r);
                                  for (size_t i = 0; i < $2.count && !faulty; i++) PUSH($$) = $2.items[i];
                                  if (faulty) PUSH($$) = build_faulty(r, @2);
                                  r->too_high_told = false;
                                }
  | statements faulty END       {
                                  $$ = $1;
                                  PUSH($$) = build_faulty(r, @2);
                                  yyerrok;
                                  (void)build_take_fault(r); // told of
                                  r->quiet = r->too_high_told = false;
                                }
  ;

faulty:
    error
  | faulty block                { r->quiet = true; } // whose head was wrong: its statements are read all the same
  ;

statement:
    DIM dim_items               { $$ = build_declaration($2, @1); }
  | BATCH batch_items           { $$ = build_declaration($2, @1); }
  | DATA data_items             { $$ = build_declaration($2, @1); }
  | PARAM param_items           { $$ = build_declaration($2, @1); }
  | CONST const_items           { $$ = build_declaration($2, @1); }
  | head                        { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  ;

dim_items:
    dim_item                    { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  | dim_items COMMA dim_item    { $$ = $1; PUSH($$) = $3; }
  ;
dim_item:
    name                        { $$ = build_stmt(r, STMT_DIM, @$); $$->dim.name = $1; }
  | name ASSIGN expr            { $$ = build_stmt(r, STMT_DIM, @$); $$->dim.name = $1; $$->dim.size = $3; }
  ;

batch_items:
    batch_item                  { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  | batch_items COMMA batch_item { $$ = $1; PUSH($$) = $3; }
  ;
batch_item:
    name                        { $$ = build_stmt(r, STMT_BATCH, @$); $$->dim.name = $1; }
  ;

data_items:
    data_item                   { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  | data_items COMMA data_item  { $$ = $1; PUSH($$) = $3; }
  ;
data_item:
    name shape                  { $$ = build_stmt(r, STMT_DATA, @$); $$->data.name = $1; $$->data.shape = $2; }
  | name shape IN expr RANGE    {
                                  $$ = build_stmt(r, STMT_DATA, @$);
                                  $$->data.name = $1;
                                  $$->data.shape = $2;
                                  $$->data.integer = true;
                                  $$->data.low = $4;
                                }
  | name shape IN range         {
                                  $$ = build_stmt(r, STMT_DATA, @$);
                                  $$->data.name = $1;
                                  $$->data.shape = $2;
                                  $$->data.integer = true;
                                  $$->data.low = $4.low;
                                  $$->data.high = $4.high;
                                }
  ;

param_items:
    param_item                  { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  | param_items COMMA param_item { $$ = $1; PUSH($$) = $3; }
  ;
param_item:
    name shape constraint       {
                                  $$ = build_stmt(r, STMT_PARAM, @$);
                                  $$->param.name = $1;
                                  $$->param.shape = $2;
                                  $$->param.constraint = $3;
                                }
  | name shape constraint ASSIGN expr {
                                  $$ = build_stmt(r, STMT_PARAM, @$);
                                  $$->param.name = $1;
                                  $$->param.shape = $2;
                                  $$->param.constraint = $3;
                                  $$->param.start = $5;
                                }
  ;
constraint:
    %empty                      { $$ = (Constraint){.kind = CONSTRAINT_NONE}; }
  | GT sum                      { $$ = (Constraint){.kind = CONSTRAINT_ABOVE, .low = $2, .span = @$}; }
  | LT sum                      { $$ = (Constraint){.kind = CONSTRAINT_BELOW, .high = $2, .span = @$}; }
  | IN OPEN expr COMMA expr CLOSE {
                                  $$ = (Constraint){.kind = CONSTRAINT_BETWEEN, .low = $3, .high = $5, .span = @$};
                                }
  | IN name                     { $$ = build_named_constraint(r, $2, @$); }
  ;

const_items:
    const_item                  { $$ = (Block){.items = NULL}; PUSH($$) = $1; }
  | const_items COMMA const_item { $$ = $1; PUSH($$) = $3; }
  ;
const_item:
    name ASSIGN expr            {
                                  Targets targets = {.items = NULL};
                                  PUSH(targets) = (Target){.name = $1, .span = @1};
                                  $$ = build_define(r, STMT_CONST, @$, targets, $3);
                                }
  ;

head:
    targets ASSIGN expr         { $$ = build_define(r, STMT_DEFINE, @$, $1, $3); }
  | marker target ASSIGN expr   {
                                  Targets targets = {.items = NULL};
                                  PUSH(targets) = $2;
                                  $$ = build_define(r, $1, @$, targets, $4);
                                  $$->keyword = @1;
                                }
  | LOSS expr                   { $$ = build_stmt(r, STMT_LOSS, @$); $$->keyword = @1; $$->value = $2; }
  | LIKELIHOOD expr             { $$ = build_stmt(r, STMT_LIKELIHOOD, @$); $$->keyword = @1; $$->value = $2; }
  | target TILDE name OPEN arguments CLOSE {
                                  $$ = build_stmt(r, STMT_SAMPLE, @$);
                                  $$->keyword = @2;
                                  $$->sample.target = $1;
                                  $$->sample.distribution = $3;
                                  $$->sample.args = $5;
                                }
  | DEF name OPEN parameters CLOSE ASSIGN expr derivatives {
                                  $$ = build_stmt(r, STMT_DEF, @$);
                                  $$->keyword = @1;
                                  $$->def.name = $2;
                                  $$->def.args = $4;
                                  $$->def.value = $7;
                                  $$->def.derivatives = $8;
                                }
  | DEF name OPEN parameters CLOSE block derivatives {
                                  $$ = build_stmt(r, STMT_DEF, @$);
                                  $$->keyword = @1;
                                  $$->def.name = $2;
                                  $$->def.args = $4;
                                  $$->def.body = $6;
                                  $$->def.derivatives = $7;
                                  build_check_place(r, &$6, AST_IN_DEF);
                                }
  | RETURN exprs                { $$ = build_stmt(r, STMT_RETURN, @$); $$->keyword = @1; $$->returned = $2; }
  | IMPORT STRING               { $$ = build_stmt(r, STMT_IMPORT, @$); $$->keyword = @1; $$->import = (Name){$2, @2}; }
  | SCAN name IN reversed range carries block {
                                  $$ = build_stmt(r, STMT_SCAN, @$);
                                  $$->keyword = @1;
                                  $$->scan.index = (Binder){$2, $5.low, $5.high};
                                  $$->scan.reverse = $4;
                                  $$->scan.carried = $6;
                                  $$->scan.body = $7;
                                  build_check_place(r, &$7, AST_IN_SCAN);
                                }
  | ITERATE iterated WHILE expr AT_WORD MOST expr block {
                                  $$ = build_stmt(r, STMT_ITERATE, @$);
                                  $$->keyword = @1;
                                  $$->iterate.carried = $2;
                                  $$->iterate.condition = $4;
                                  $$->iterate.limit = $7;
                                  $$->iterate.body = $8;
                                  build_check_place(r, &$8, AST_IN_ITERATE);
                                }
  ;
marker:
    PREDICT { $$ = STMT_PREDICT; } | METRIC { $$ = STMT_METRIC; } | GRADIENT { $$ = STMT_GRADIENT; }
  | YIELD { $$ = STMT_YIELD; }
  ;

block:
    open statements CLOSE_BRACE {
                                  $$ = $2;
                                  r->faulty_block = $1; // so is the statement that it ends
                                }
  ;
open:
    OPEN_BRACE                  { $$ = build_take_fault(r); yyerrok; r->quiet = false; }
  ;

targets:
    target                      { $$ = (Targets){.items = NULL}; PUSH($$) = $1; }
  | targets COMMA target        { $$ = $1; PUSH($$) = $3; }
  ;
target:
    name                        { $$ = (Target){.name = $1, .span = @$}; }
  | name OPEN_SQUARE subscripts CLOSE_SQUARE { $$ = (Target){$1, $3, @$}; }
  ;

parameters:
    %empty                      { $$ = (Arguments){.items = NULL}; }
  | some_parameters
  ;
some_parameters:
    parameter                   { $$ = (Arguments){.items = NULL}; PUSH($$) = $1; }
  | some_parameters COMMA parameter { $$ = $1; PUSH($$) = $3; }
  ;
parameter:
    name shape                  { $$ = (Argument){$1, $2}; }
  ;

derivatives:
    %empty                      { $$ = (Derivatives){.items = NULL}; }
  | WITH some_derivatives       { $$ = $2; }
  ;
some_derivatives:
    derivative                  { $$ = (Derivatives){.items = NULL}; PUSH($$) = $1; }
  | some_derivatives COMMA derivative { $$ = $1; PUSH($$) = $3; }
  ;
derivative:
    name SLASH name ASSIGN expr { $$ = build_derivative(r, $1, $3, $5); }
  ;

reversed:
    %empty                      { $$ = false; }
  | REVERSE                     { $$ = true; }
  ;
range:
    expr RANGE expr             { $$ = (Binder){.low = $1, .high = $3}; }
  ;
carries:
    %empty                      { $$ = (Carries){.items = NULL}; }
  | WITH carried                { $$ = $2; }
  ;
iterated:
    %empty                      { $$ = (Carries){.items = NULL}; }
  | carried
  ;
carried:
    carry                       { $$ = (Carries){.items = NULL}; PUSH($$) = $1; }
  | carried COMMA carry         { $$ = $1; PUSH($$) = $3; }
  ;
carry:
    name ASSIGN expr            { $$ = (Carry){$1, $3}; }
  ;

shape:
    %empty                      { $$ = (AstExprs){.items = NULL}; }
  | OPEN_SQUARE exprs CLOSE_SQUARE { $$ = $2; }
  ;

exprs:
    expr                        { $$ = (AstExprs){.items = NULL}; PUSH($$) = $1; }
  | exprs COMMA expr            { $$ = $1; PUSH($$) = $3; }
  ;
arguments:
    %empty                      { $$ = (AstExprs){.items = NULL}; }
  | exprs
  ;

expr:
    disjunction
  | IF expr THEN expr ELSE expr { $$ = build_if(r, @$, $2, $4, $6); }
  ;
disjunction:
    conjunction
  | disjunction OR conjunction  { $$ = build_binary(r, OP_OR, @2, $1, $3); }
  ;
conjunction:
    inversion
  | conjunction AND inversion   { $$ = build_binary(r, OP_AND, @2, $1, $3); }
  ;
inversion:
    comparison
  | NOT inversion               { $$ = build_unary(r, @$, OP_NOT, $2); }
  ;
comparison:
    sum
  | sum comparator sum          { $$ = build_binary(r, $2, @2, $1, $3); }
  | chain
  ;
chain:
    sum comparator sum comparator sum {
                                  diag_error(r->diags, @4, "comparisons can't be chained: join them by `and`, as in "
                                                           "`a < b and b < c`");
                                  $$ = build_binary(r, $2, @2, $1, $3);
                                }
  | chain comparator sum        { $$ = $1; (void)$2; (void)$3; }
  ;
comparator:
    EQ { $$ = OP_EQ; } | NE { $$ = OP_NE; } | LT { $$ = OP_LT; } | LE { $$ = OP_LE; } | GT { $$ = OP_GT; }
  | GE { $$ = OP_GE; }
  ;
sum:
    product
  | sum adder product           { $$ = build_binary(r, $2, @2, $1, $3); }
  ;
adder:
    PLUS { $$ = OP_ADD; } | MINUS { $$ = OP_SUB; }
  ;
product:
    unary
  | product multiplier unary    { $$ = build_binary(r, $2, @2, $1, $3); }
  ;
multiplier:
    STAR { $$ = OP_MUL; } | SLASH { $$ = OP_DIV; } | FLOORDIV { $$ = OP_FLOORDIV; } | PERCENT { $$ = OP_MOD; }
  | MATMUL { $$ = OP_MATMUL; }
  ;
unary:
    power
  | MINUS unary                 { $$ = build_unary(r, @$, OP_NEGATE, $2); }
  ;
power:
    operand
  | operand POWER exponent      { $$ = build_binary(r, OP_POW, @2, $1, $3); }
  ;
exponent:
    power
  | MINUS exponent              { $$ = build_unary(r, @$, OP_NEGATE, $2); }
  ;
operand:
    postfix                     { $$ = build_operand(r, $1); }
  ;
postfix:
    primary                     { $$ = (Postfix){.e = $1}; }
  | postfix brackets            { $$ = build_index(r, @$, $1, $2); }
  | postfix OPEN arguments CLOSE { $$ = build_call(r, @$, $1, span_join(@2, @4), $3); }
  | postfix DOT member OPEN arguments CLOSE { $$ = build_member_call(r, @$, $1, $3, $5); }
  | postfix PRIME               { $$ = (Postfix){.e = build_unary(r, @$, OP_TRANSPOSE, build_operand(r, $1))}; }
  ;
primary:
    INT                         { $$ = build_int(r, @$, $1); }
  | REAL                        { $$ = build_real(r, @$, $1); }
  | name                        { $$ = build_name(r, $1); }
  | OPEN expr CLOSE             { $$ = $2; $$->span = @$; }
  | OPEN_SQUARE exprs CLOSE_SQUARE { $$ = build_list(r, @$, $2); }
  ;
brackets:
    OPEN_SQUARE subscripts CLOSE_SQUARE { $$ = (Brackets){$2, NULL, @$}; }
  | OPEN_SQUARE subscripts IF expr CLOSE_SQUARE { $$ = (Brackets){$2, $4, @$}; }
  ;
subscripts:
    subscript                   { $$ = (Subscripts){.items = NULL}; PUSH($$) = $1; }
  | subscripts COMMA subscript  { $$ = $1; PUSH($$) = $3; }
  ;
subscript:
    expr                        { $$ = (Subscript){.kind = SUB_AT, .span = @$, .at = $1}; }
  | range                       { $$ = (Subscript){.kind = SUB_SLICE, .span = @$, .low = $1.low, .high = $1.high}; }
  | COLON                       { $$ = (Subscript){.kind = SUB_ALL, .span = @$}; }
  | name IN range               {
                                  $$ = (Subscript){.kind = SUB_EACH, .span = @$, .index = $1, .low = $3.low,
                                                   .high = $3.high};
                                }
  ;

member:
    name
  | REVERSE                     { $$ = (Name){"reverse", @1}; }
  ;
name:
    NAME                        { $$ = (Name){$1, @1}; }
  | AT_WORD                     { $$ = (Name){$1, @1}; }
  | MOST                        { $$ = (Name){$1, @1}; }
  ;

%%

// The tokens that stand for one thing in a message, told by one of them that stands only for that.
typedef struct TokenClass {
  yysymbol_kind_t by;
  const char *words;
  yysymbol_kind_t covers[26]; // up to the first zero (the end of the file, which no class covers)
} TokenClass;

static const TokenClass classes[] = {
    {YYSYMBOL_DIM, "a statement",
     {YYSYMBOL_DIM, YYSYMBOL_BATCH, YYSYMBOL_DATA, YYSYMBOL_PARAM, YYSYMBOL_CONST, YYSYMBOL_DEF, YYSYMBOL_RETURN,
      YYSYMBOL_IMPORT, YYSYMBOL_PREDICT, YYSYMBOL_LOSS, YYSYMBOL_METRIC, YYSYMBOL_LIKELIHOOD, YYSYMBOL_GRADIENT,
      YYSYMBOL_SCAN, YYSYMBOL_ITERATE, YYSYMBOL_YIELD, YYSYMBOL_NAME, YYSYMBOL_AT_WORD, YYSYMBOL_MOST, YYSYMBOL_END}},
    {YYSYMBOL_INT, "an expression",
     {YYSYMBOL_INT, YYSYMBOL_REAL, YYSYMBOL_NAME, YYSYMBOL_AT_WORD, YYSYMBOL_MOST, YYSYMBOL_OPEN,
      YYSYMBOL_OPEN_SQUARE, YYSYMBOL_MINUS, YYSYMBOL_NOT, YYSYMBOL_IF}},
    {YYSYMBOL_NAME, "a name", {YYSYMBOL_NAME, YYSYMBOL_AT_WORD, YYSYMBOL_MOST}},
    {YYSYMBOL_PLUS, "an operator",
     {YYSYMBOL_PLUS, YYSYMBOL_MINUS, YYSYMBOL_STAR, YYSYMBOL_SLASH, YYSYMBOL_FLOORDIV, YYSYMBOL_PERCENT,
      YYSYMBOL_MATMUL, YYSYMBOL_POWER, YYSYMBOL_PRIME, YYSYMBOL_EQ, YYSYMBOL_NE, YYSYMBOL_LT, YYSYMBOL_LE, YYSYMBOL_GT,
      YYSYMBOL_GE, YYSYMBOL_AND, YYSYMBOL_OR, YYSYMBOL_OPEN, YYSYMBOL_OPEN_SQUARE, YYSYMBOL_DOT}},
};
enum { CLASSES = sizeof classes / sizeof classes[0] };

// "an operator, `,` or `)`"
static const char *expected_words(Reader *r, bool expects[YYNTOKENS]) {
  const char *words[YYNTOKENS];
  size_t count = 0;
  for (size_t c = 0; c < CLASSES; c++) {
    if (!expects[classes[c].by]) continue;
    words[count++] = classes[c].words;
    for (const yysymbol_kind_t *covered = classes[c].covers; *covered; covered++) expects[*covered] = false;
  }
  for (int kind = YYSYMBOL_END + 1; kind < YYNTOKENS; kind++)
    if (expects[kind]) words[count++] = yysymbol_name((yysymbol_kind_t)kind);
  if (expects[YYSYMBOL_END]) words[count++] = yysymbol_name(YYSYMBOL_END);
  const char *all = "";
  for (size_t i = 0; i < count; i++)
    all = arena_printf(r->arena, "%s%s%s", all, i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
  return all;
}

// The statement's word that a first name, followed by another, is most likely a slip of.
static const char *slipped_keyword(const char *name) {
  const char *words[STMT_ITERATE + 1];
  for (int kind = 0; kind <= STMT_ITERATE; kind++) words[kind] = ast_stmt_word((StmtKind)kind);
  return diag_nearest(name, words, STMT_ITERATE + 1);
}

static bool is_word(const Token *t) {
  char c = t->span.end > t->span.begin ? t->span.source->text[t->span.begin] : ' ';
  return c >= 'a' && c <= 'z';
}

static bool at_statement_start(const Token *before) {
  return before->kind == T_END || before->kind == T_OPEN_BRACE || before->kind == T_FILE_START;
}

// What is wrong, where more can be said than what was expected.
static bool told_specially(Reader *r, const bool expects[YYNTOKENS], const char *expected) {
  const Token *found = &r->recent[0], *last = &r->recent[1], *before = &r->recent[2];
  const char *text = reader_quote(r, found->span);
  const char *near = last->kind == T_NAME && at_statement_start(before) ? slipped_keyword(last->value.text) : NULL;
  if (near && (found->kind == T_NAME || found->kind == T_STRING || found->kind == T_INT)) {
    diag_error(r->diags, last->span, "unknown statement `%s`; did you mean `%s`?", last->value.text, near);
  } else if (found->kind == T_ASSIGN && last->first && token_continues_line(before->kind)) {
    diag_error(r->diags, span_after(before->span), "expected an expression after `%s`", reader_quote(r, before->span));
  } else if (found->kind == T_ASSIGN && expects[YYSYMBOL_PLUS]) {
    diag_error(r->diags, found->span, "expected %s, found `=`; to compare, write `==`", expected);
  } else if (expects[YYSYMBOL_INT] && found->kind == T_IF && !found->first) {
    diag_error(r->diags, found->span, "put brackets around an `if` within an expression: `(if ... then ... else ...)`");
  } else if (expects[YYSYMBOL_INT] && found->kind == T_NOT) {
    diag_error(r->diags, found->span, "put brackets around a `not` within an expression: `(not ...)`");
  } else if (expects[YYSYMBOL_NAME] && !expects[YYSYMBOL_DIM] && is_word(found) && !found->first) {
    diag_error(r->diags, found->span, "expected %s, but `%s` is a word of the language", expected, text);
  } else if (before->kind == T_DOT && last->kind == T_NAME && strcmp(last->value.text, "T") == 0) {
    diag_error(r->diags, last->span, "a transpose is written `x'`, not `x.T`");
  } else if (expects[YYSYMBOL_DIM] && found->kind == T_FLOORDIV) {
    diag_error(r->diags, found->span, "a comment begins with `#`, not `//`");
  } else if (expects[YYSYMBOL_DIM] && found->kind != T_END && found->kind != T_EOF) {
    diag_error(r->diags, found->span, "a statement can't begin with `%s`", text);
    if ((token_continues_line(found->kind) || found->kind == T_WITH) && last->kind == T_END && last->span.begin > 0)
      diag_note(r->diags, before->span,
                "an expression goes on in the next line after an operator, or within brackets");
  } else {
    return false;
  }
  return true;
}

static int yyreport_syntax_error(const yypcontext_t *context, Reader *r) {
  const Token *found = &r->recent[0], *last = &r->recent[1];
  Open *open = reader_innermost(r);
  reader_told(r); // that its brackets stay open may follow from this error
  if (found->repair || r->quiet) return 0;
  bool expects[YYNTOKENS] = {false}, listed[YYNTOKENS];
  yysymbol_kind_t list[YYNTOKENS];
  int count = yypcontext_expected_tokens(context, list, YYNTOKENS);
  for (int i = 0; i < count; i++) expects[list[i]] = true;
  memcpy(listed, expects, sizeof listed);
  const char *expected = expected_words(r, listed);
  if (told_specially(r, expects, expected)) return 0;
  bool behind = last->span.end > last->span.begin;
  const char *after = behind ? arena_printf(r->arena, " after `%s`", reader_quote(r, last->span)) : "";
  bool ended = found->kind == T_END || found->kind == T_EOF;
  if (behind && (ended || (found->first && token_continues_line(last->kind))))
    diag_error(r->diags, span_after(last->span), "expected %s%s", expected, after);
  else if (ended)
    diag_error(r->diags, found->span, "expected %s", expected);
  else
    diag_error(r->diags, found->span, "expected %s%s, found `%s`", expected, after, reader_quote(r, found->span));
  if (open && found->first)
    diag_note(r->diags, open->span, "this `%s` is still open", reader_quote(r, open->span));
  return 0;
}

// Called when the parser's stack is full, its only other error.
static void mdlc_error(const Span *at, Reader *r, const char *message) {
  (void)message;
  diag_error(r->diags, *at, "this is nested too deeply");
}
