#include "cli/commands.h"
#include "cli/options.h"
#include "corpus/language.h"
#include "corpus/shift.h"
#include "base/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static double now(void){ struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID,&t); return t.tv_sec+t.tv_nsec*1e-9;}
int cmd_check(int argc, const char **argv)
{
    struct corpus_files f={ .source=argv[1], .target=argv[2]};
    struct survey s; (void)argc; struct languages l; struct shifts sh={0}; struct fit_by_length fit;
    double t0=now();
    if (survey_read(&s,&f)) return 1;
    fprintf(stderr,"read %.2f\n",now()-t0); survey_judge(&s); fprintf(stderr,"judge %.2f\n",now()-t0);
    languages_init(&l,&s); fprintf(stderr,"lang %.2f\n",now()-t0);
    shift_by_length(&sh,&fit,&s); shift_mark(&sh,&s);fprintf(stderr,"shift %.2f\n",now()-t0);
    fprintf(stderr,"pairs %zu ratio %.3f spread %.3f corr %.3f foreign %zu %zu gain %.3f %.3f orient %.3f amb %zu %zu\n",s.pairs,s.ratio,s.spread,fit.correlation,l.foreign[0],l.foreign[1],l.gain[0],l.gain[1],languages_orientation(&l,&s),survey_ambiguous(&s,SOURCE),survey_ambiguous(&s,TARGET));
    for(int i=0;i<sh.count;i++) fprintf(stderr,"shift %zu-%zu by %d\n",sh.items[i].first+1,sh.items[i].last+1,sh.items[i].offset);
    for(int i=0;i<FLAWS;i++) fprintf(stderr,"%s %zu  ",flaw_names[i],survey_count(&s,i));
    fprintf(stderr,"\n");
    for(size_t k=0;k<s.pairs;k++) { int any=0; for(int i=0;i<FLAWS;i++) if(s.flaws[k]&FLAW(i)) {printf("%s%s",any?",":"",flaw_names[i]);any=1;} if(any) printf("\t%zu\t%s\t%s\n",k+1,s.lines[0][k],s.lines[1][k]);}
    fprintf(stderr,"end %.2f\n",now()-t0);
    return 0;
}
