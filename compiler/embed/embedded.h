// embedded.h - texts that the compiler carries with it.
#ifndef MDLC_EMBEDDED_H
#define MDLC_EMBEDDED_H

extern const char embedded_prelude[];       // compiler/prelude.mdl: the standard functions in the language itself
extern const char embedded_distributions[]; // compiler/distributions.mdl: the log densities
extern const char embedded_plain[];         // compiler/plain.mdl: for explain, in place of the prelude's
extern const char embedded_model_h[];       // runtime/include/mdl/model.h: the descriptor that generated headers repeat
extern const char embedded_random_h[];      // runtime/include/mdl/random.h: draws of start values
extern const char embedded_constrain_h[];   // runtime/include/mdl/constrain.h: transforms of constrained parameters
extern const char embedded_contract_h[];    // runtime/include/mdl/contract.h: sums of products over packed panels
extern const char embedded_join_h[];        // runtime/include/mdl/join.h: sums in lanes, four joined side by side
extern const char embedded_rows_h[];        // runtime/include/mdl/rows.h: products with such samples
extern const char embedded_turn_h[];        // runtime/include/mdl/turn.h: samples that lie row by row, turned

// The elementary functions: runtime/include/mdl/math/NAME.
typedef struct EmbeddedFile {
  const char *name, *text;
} EmbeddedFile;
extern const EmbeddedFile embedded_math[];
extern const int embedded_math_count;

#endif
