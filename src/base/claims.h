/* claims: no run overwrites a file that it reads, or writes one file twice. A command claims every file of its options before it
 * opens anything for writing:
 *
 *     struct claims claims = { 0 };
 *
 *     claims_input(&claims, "--source", source);
 *     claims_output(&claims, "--log", log);
 *     if (claims_check(&claims, "train"))
 *         return EXIT_USAGE;
 *
 * Files are compared by identity, not by name: hard and symbolic links are resolved, and a file that does not exist yet is
 * identified by its directory and its name. Devices, pipes and directories never conflict. */
#ifndef NMT_BASE_CLAIMS_H
#define NMT_BASE_CLAIMS_H

/* Zero-initialise; claims_check releases it. */
struct claims {
    struct claim *items; /* private */
    int count, room;
};

/* The file `name` (the caller's string, or NULL for none) is read, or written, on behalf of `option`, a constant string for the
 * message. "-" is standard input or standard output. */
void claims_input(struct claims *claims, const char *option, const char *name);
void claims_output(struct claims *claims, const char *option, const char *name);

/* 0, or -1 after reporting two conflicting claims, at least one of them an output. */
int claims_check(struct claims *claims, const char *command);

#endif
