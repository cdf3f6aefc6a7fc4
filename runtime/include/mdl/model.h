/* mdl/model.h - what a compiled model looks like from outside.
 *
 * Every generated header carries a copy of this text under the same guard, so that generated C needs no runtime and the
 * runtime needs no generated header.  All function pointers take the call-time dimensions as an array in the order of
 * `dims`, and arrays as untyped pointers in the order of `data`, `predicts` and `metrics`; `real` says what a real is.
 *
 * Arrays are dense and row-major.  Integer data are int32_t, integer results int64_t.  Nothing may alias.  Memory is the
 * caller's and its sizes are asked for with `sizes`; tape and work are aligned to MDL_ALIGNMENT bytes (a size of 0
 * permits a null pointer), data, parameters and gradients as their type asks.
 */
#ifndef MDL_MODEL_H
#define MDL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MDL_MODEL_VERSION 2
#define MDL_ALIGNMENT 64

enum mdl_type { MDL_DOUBLE = 1, MDL_FLOAT = 2, MDL_INT32 = 3, MDL_INT64 = 4 };

/* The status of sizes, layout, shape, check and unconstrain. */
enum mdl_status {
  MDL_OK = 0,
  MDL_ERROR_EXTENT = 1,    /* a dimension or an extent is negative, or a division in it is not exact */
  MDL_ERROR_OVERFLOW = 2,  /* a size does not fit */
  MDL_ERROR_RANGE = 3,     /* an integer datum or a computed subscript is out of its range */
  MDL_ERROR_POINTER = 4,   /* a data pointer that must not be null is null */
  MDL_ERROR_CONSTRAINT = 5 /* a parameter breaks its constraint */
};

/* One array of the model: data, a parameter, a prediction or a metric. */
struct mdl_array {
  const char *name;
  const char *shape; /* as text, in the model's dimensions: "n, d"; "" for a scalar */
  int type;          /* enum mdl_type */
  int rank;
  int batch;              /* 1: the first axis is the batch dimension, its entries are samples */
  int ranged;             /* 1: integer data declared `in 0..`; 2: `in 0..k`, where k is known from the dimensions */
  const char *constraint; /* of a parameter, as text: "> 0", "in simplex"; "" for none */
};

struct mdl_dim {
  const char *name;
  int batch; /* 1: the dimension that mini-batches and splits cut */
};

/* Bytes that each function asks of its caller. */
struct mdl_sizes {
  size_t params; /* of a parameter vector, and so of a gradient */
  size_t tape;
  size_t forward_work;
  size_t backward_work;
  size_t value_and_grad_work;
  size_t predict_work;
  size_t metrics_work;
  size_t free; /* of a free vector, and so of a gradient by it; that of params where no parameter has a constraint */
};

/* Where `check` found something: the array's name, the flat position in it, the value there and the limit it must stay
 * under.  Where `unconstrain` did: the parameter's name and the flat position in it. */
struct mdl_where {
  const char *name;
  int64_t position;
  int64_t value;
  int64_t limit;
};

enum mdl_role { MDL_DATA = 0, MDL_PARAM = 1, MDL_PREDICT = 2, MDL_METRIC = 3 };

/* A derivative that the model was built with (mdlc build --derivatives). */
struct mdl_derivative {
  const char *kind; /* as the option calls it: "jvp", "hessian"; "jvp_by_data": by the data of --wrt, one array behind the
                     * other, where "jvp" is by the parameters; "gradient": of the loss by those data */
  const char *of;   /* the prediction; "": the loss */
  /* `vector` is the direction of a jvp or hvp, a vector like the parameters (or those data), or the cotangent of a vjp; else null.
   * `out` has a pointer to the array that the kind writes (a sparse_jacobian_structure: to row starts, then columns, both
   * int64_t; it reads no parameters), and for gradient and vjp one for each data array of --wrt.
   * Returns the loss where the typed function does, else 0. */
  double (*at)(const int64_t *dims, const void *const *data, const void *params, const void *vector, void *work,
               void *const *out);
};

struct mdl_model {
  int version; /* MDL_MODEL_VERSION */
  const char *name;
  int real;     /* MDL_DOUBLE or MDL_FLOAT */
  int has_loss; /* 0: a model that only predicts: forward, backward and value_and_grad are null */
  int ndims;
  const struct mdl_dim *dims;
  int ndata;
  const struct mdl_array *data;
  int nparams;
  const struct mdl_array *params;
  int npredicts;
  const struct mdl_array *predicts;
  int nmetrics;
  const struct mdl_array *metrics;

  /* The extents of array `which` of `role` (enum mdl_role) at these dimensions. */
  int (*shape)(const int64_t *dims, int role, int which, int64_t *extents);
  /* nparams + 1 offsets in reals into the parameter vector; the last is the total. */
  int (*layout)(const int64_t *dims, int64_t *offsets);
  int (*sizes)(const int64_t *dims, struct mdl_sizes *sizes);
  void (*init)(const int64_t *dims, uint64_t seed, void *params);
  int (*check)(const int64_t *dims, const void *const *data, struct mdl_where *where);
  double (*forward)(const int64_t *dims, const void *const *data, const void *params, void *tape, void *work);
  void (*backward)(const int64_t *dims, const void *const *data, const void *params, const void *tape, void *work,
                   double seed, void *grad);
  double (*value_and_grad)(const int64_t *dims, const void *const *data, const void *params, void *work, void *grad);
  /* Either may be null: no `predict`, no `metric` in the model.  `out` holds a pointer for each: reals, or int64_t. */
  void (*predict)(const int64_t *dims, const void *const *data, const void *params, void *work, void *const *out);
  void (*metrics_at)(const int64_t *dims, const void *const *data, const void *params, void *work, void *const *out);
  /* 1 where `predict` reads data array k (what inference must supply). */
  const unsigned char *predict_reads;

  int nderivatives;
  const struct mdl_derivative *derivatives;
  /* The bytes of work memory of each derivative, and of the array that it writes (0: those of data arrays alone). */
  int (*derivative_sizes)(const int64_t *dims, size_t *work, size_t *result);

  /* Null where no parameter has a constraint: parameters are free then.  Otherwise an optimizer moves a vector of free
   * reals, from which `constrain` makes parameters that keep their constraints. */
  /* nparams + 1 offsets in reals into the free vector; the last is the total. */
  int (*free_layout)(const int64_t *dims, int64_t *offsets);
  void (*constrain)(const int64_t *dims, const void *free, void *params);
  /* From a gradient by the parameters, writes that by the free vector. */
  void (*constrain_pullback)(const int64_t *dims, const void *free, const void *grad_params, void *grad_free);
  /* MDL_OK, or MDL_ERROR_CONSTRAINT and where (may be null). */
  int (*unconstrain)(const int64_t *dims, const void *params, void *free, struct mdl_where *where);
};

#ifdef __cplusplus
}
#endif

#endif
