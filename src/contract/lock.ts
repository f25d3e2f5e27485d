/**
 * What `fireclay.lock` says, by base and architecture such as `debian bookworm amd64`: what every build of the project
 * takes until `build --update` moves it. Plain data; sorted where it is written.
 */
export interface Lock {
  /** Digests of the bases themselves. */
  readonly bases: { readonly [base: string]: string }
  /** Versions of the packages that images install on them, those included that came along. */
  readonly packages: { readonly [base: string]: { readonly [name: string]: string } }
  /** How often it was moved; absent: never. Part of what a release is, so that a move makes a new one. */
  readonly moved: { readonly [base: string]: number }
}

/** The file that a project's lock is kept in. */
export interface LockFile {
  /** @throws FireclayError FC_LOCK_FILE */
  readonly read: () => Promise<Lock>
  /** Whatever else stands in the file stays. */
  readonly write: (lock: Lock) => Promise<void>
}
