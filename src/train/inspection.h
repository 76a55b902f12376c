/* inspection: the quick part of `nmt check`, before every training: at most three warnings, and only where they are worth a look. */
#ifndef NMT_TRAIN_INSPECTION_H
#define NMT_TRAIN_INSPECTION_H

#include "train/start.h"

/* Looks at all pairs of the corpus, and warns of pairs that are probably wrong (corpus/survey.h), of shifted lines (corpus/shift.h), and
 * of pairs that are also validation pairs. */
void inspection_warn(const struct training *training);

#endif
