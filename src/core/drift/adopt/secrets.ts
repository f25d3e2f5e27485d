/** Pure: whether a file is named like one that holds a secret. Its content is not even read. */
export const isSecretPath = (path: string): boolean => paths.some((pattern) => pattern.test(path))

const paths: readonly RegExp[] = [
  /^\/etc\/(shadow|gshadow|sudo_as_admin)|^\/etc\/security\/opasswd$/,
  /^\/etc\/ssh\/ssh_host_\w+_key$/,
  /\/\.ssh\/(?!authorized_keys2?$|known_hosts$|config$|[^/]*\.pub$)[^/]+$/,
  /^\/etc\/ssl\/private\/|\.(key|p12|pfx|jks|keytab|gpg|kdbx|age)$/,
  /\/(\.env(\.[^/]*)?|\.netrc|\.pgpass|\.my\.cnf|\.htpasswd|\.git-credentials|\.npmrc|\.pypirc|\.vault-token|krb5\.keytab)$/,
  /\/\.(aws|docker|kube|gnupg|password-store)\//,
  /^(?!\/etc\/pam\.d\/).*[/_.-](secrets?|credentials?|passwords?|passwd|tokens?)([/_.-]|$)/i,
]

/** Pure: whether a text says a secret, as far as one can see. */
export const saysSecret = (bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes).toString("latin1")
  return texts.some((pattern) => pattern.test(text))
}

const texts: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----|AGE-SECRET-KEY-1/,
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[opsur]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk_live_[A-Za-z0-9]{10,}/,
  // A name that says so, and a value that is no mere placeholder.
  /^[^#;\n]*\b[\w-]*(passw(or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential)[\w-]*["']?\s*[:=]\s*["']?(?!\$|\{|<|["']?\s*$|(none|null|true|false|yes|no|on|off|optional|required|sufficient)\b)[^\s"']{4,}/im,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s/@]{3,}@/i,
  /\$(1|2[abxy]|5|6|7|y)\$[./A-Za-z0-9$,=]{20,}/,
]
