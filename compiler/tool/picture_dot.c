// picture_dot.c - a picture in Graphviz' language.
#include "tool/picture.h"

#include <string.h>

// Any text, between the quotes of a string.
static void put_quoted(Text *t, const char *s) {
  text_char(t, '"');
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') text_char(t, '\\');
    if ((unsigned char)*s >= ' ') text_char(t, *s);
  }
  text_char(t, '"');
}

// Any text, within an HTML-like label.
static void put_html(Text *t, const char *s) {
  for (; *s; s++) {
    switch (*s) {
    case '&': text_put(t, "&amp;"); break;
    case '<': text_put(t, "&lt;"); break;
    case '>': text_put(t, "&gt;"); break;
    case '"': text_put(t, "&quot;"); break;
    default:
      if ((unsigned char)*s >= ' ') text_char(t, *s);
    }
  }
}

static const char *const styles[] = {
    [VERTEX_DATA] = "shape=box style=\"rounded,filled\" fillcolor=\"#e3eefa\" color=\"#3b6ea5\"",
    [VERTEX_PARAM] = "shape=box style=\"rounded,filled\" fillcolor=\"#fdf0d5\" color=\"#c8841a\" penwidth=1.6",
    [VERTEX_OPERATION] = "shape=box style=\"rounded,filled\" fillcolor=\"#ffffff\" color=\"#8a8a8a\" height=0.35",
    [VERTEX_RESULT] = "shape=box style=\"rounded,filled\" fillcolor=\"#e4f3e4\" color=\"#3c8a3c\" penwidth=1.6"};

static void put_vertex(Text *t, size_t id, const Vertex *v) {
  text_printf(t, "  v%zu [%s label=<", id, styles[v->kind]);
  bool bold = v->kind != VERTEX_OPERATION;
  text_put(t, bold ? "<b>" : "");
  put_html(t, v->label);
  text_put(t, bold ? "</b>" : "");
  if (v->name) {
    text_put(t, "<br/><font point-size=\"10\" color=\"#3c8a3c\"><b>");
    put_html(t, v->name);
    text_put(t, "</b></font>");
  }
  if (v->shape[0] && v->kind != VERTEX_OPERATION) {
    text_put(t, "<br/><font point-size=\"9\" color=\"#666666\">[");
    put_html(t, v->shape);
    text_put(t, "]</font>");
  }
  text_put(t, ">]\n");
}

static void put_edge(Text *t, const Picture *p, const Edge *e) {
  const Vertex *from = &p->vertex[e->from];
  text_printf(t, "  v%d -> v%d", e->from, e->to);
  if (from->shape[0] && from->kind == VERTEX_OPERATION) {
    text_put(t, " [label=");
    text_put(t, "<<font point-size=\"9\">[");
    put_html(t, from->shape);
    text_put(t, "]</font>>]");
  }
  text_char(t, '\n');
}

// From an operation back to what it was made of, with what the gradient is multiplied by on the way.
static void put_back_edge(Text *t, const Edge *e) {
  text_printf(t, "  v%d -> v%d [color=\"#b3261e\" fontcolor=\"#b3261e\" style=dashed constraint=false label=", e->to,
              e->from);
  put_quoted(t, strcmp(e->partial, "1") == 0 ? "" : e->partial);
  text_put(t, "]\n");
}

void picture_dot(Text *t, const Picture *p, const char *title, bool backward) {
  text_put(t, "digraph ");
  put_quoted(t, title);
  text_put(t, " {\n"
              "  graph [rankdir=LR nodesep=0.3 ranksep=0.45 pad=0.2 bgcolor=\"#ffffff\"]\n"
              "  node [fontname=\"Helvetica\" fontsize=12 margin=\"0.1,0.05\" width=0.35]\n"
              "  edge [fontname=\"Helvetica\" fontsize=9 arrowsize=0.6 color=\"#5a5a5a\" fontcolor=\"#666666\"]\n");
  for (size_t k = 0; k < p->nvertex; k++) put_vertex(t, k, &p->vertex[k]);
  for (size_t k = 0; k < p->nedge; k++) put_edge(t, p, &p->edge[k]);
  for (size_t k = 0; backward && k < p->nedge; k++)
    if (p->edge[k].partial) put_back_edge(t, &p->edge[k]);
  text_put(t, "}\n");
}
