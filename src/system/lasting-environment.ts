/** What programs need to find their files and to speak the user's language. */
const plainNames = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|XDG_RUNTIME_DIR)$/

/**
 * For programs that outlive this one: a secret that was given to this process in a variable would stay readable in theirs
 * for as long as they run.
 */
export const lastingEnvironment = (environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => plainNames.test(name)))
