import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { FireclayError, type SecretData, type SecretSource } from "../contract/index.ts"
import { lastLines, run } from "../system/process.ts"
import { decrypt } from "./age.ts"
import { parseSecrets } from "./parse.ts"

export interface SecretReaderOptions {
  /** What paths are relative to: the directory of the configuration. */
  readonly directory: string
  readonly environment: { readonly [name: string]: string | undefined }
}

/** Reads a secret where it is. Each file is decrypted, and each command run, at most once. */
export type SecretReader = (secret: SecretData) => Promise<Uint8Array>

/** @throws FireclayError from what it makes: FC_SECRET_MISSING, FC_SECRET_FILE, FC_MISSING_TOOL */
export const secretReader = (options: SecretReaderOptions): SecretReader => {
  const files = new Map<string, Promise<ReadonlyMap<string, string>>>()
  const printed = new Map<string, Promise<Uint8Array>>()
  const find = async (secret: string, source: SecretSource): Promise<Uint8Array | undefined> => {
    switch (source.from) {
      case "environment":
        return bytesOf(options.environment[secret])
      case "file":
        return bytesOf((await once(files, JSON.stringify(source), () => readAgeFile(source, options))).get(secret))
      case "command":
        return once(printed, JSON.stringify(source.argv), () => ask(secret, source.argv, options))
    }
  }
  return async ({ secret, source }) => {
    const value = await find(secret, source)
    if (value !== undefined && value.length > 0) return value
    const why = value === undefined ? "is not there" : "is empty"
    throw missing(secret, `the secret ${secret} ${why}: ${describe(source, secret)}`, remedyFor(secret, source))
  }
}

type FileSource = Extract<SecretSource, { from: "file" }>

const readAgeFile = async (source: FileSource, options: SecretReaderOptions): Promise<ReadonlyMap<string, string>> => {
  const key = identityPath(source, options)
  const encrypted = await readOrSay(resolve(options.directory, source.path), "the file of secrets", {
    at: source.path,
    remedy: `paths are relative to ${options.directory}`,
  })
  const identity = await readOrSay(key, "the key of age", {
    at: key,
    remedy: "set FIRECLAY_AGE_KEY_FILE to the file that age-keygen wrote, or put it there",
  })
  const plain = await decrypt(encrypted, identity.toString(), { file: source.path, key })
  return parseSecrets(Buffer.from(plain).toString(), source.path)
}

const identityPath = ({ identity }: FileSource, { directory, environment }: SecretReaderOptions): string => {
  if (identity?.startsWith("~/") === true) return join(homedir(), identity.slice(2))
  if (identity !== undefined) return resolve(directory, identity)
  const named = environment.FIRECLAY_AGE_KEY_FILE
  if (named !== undefined && named !== "") return resolve(named)
  return join(environment.XDG_CONFIG_HOME || join(homedir(), ".config"), "fireclay", "age.key")
}

const readOrSay = async (
  path: string,
  what: string,
  hints: { readonly at: string; readonly remedy: string },
): Promise<Buffer> =>
  readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "is not there" : `cannot be read (${cause.code})`
    throw new FireclayError("FC_SECRET_FILE", `${what} ${why}`, { ...hints, cause })
  })

/** Its standard output without the last line end. What it says of itself goes into the error, never its output. */
const ask = async (
  secret: string,
  argv: readonly string[],
  { directory, environment }: SecretReaderOptions,
): Promise<Uint8Array> => {
  const { exitCode, stdout, stderr } = await run(argv, { cwd: directory, env: { ...environment } })
  if (exitCode === 0) return stdout.at(-1) === 10 ? stdout.subarray(0, stdout.at(-2) === 13 ? -2 : -1) : stdout
  throw new FireclayError("FC_SECRET_MISSING", `the command for the secret ${secret} ended with ${exitCode}`, {
    at: `secret("${secret}")`,
    remedy: `see that it works: ${argv.join(" ")}`,
    details: stderr.length === 0 ? [] : lastLines(stderr),
  })
}

const describe = (source: SecretSource, secret: string): string => {
  if (source.from === "environment") return `no variable ${secret} in the environment of fireclay`
  return source.from === "file" ? `no line ${secret}=… in ${source.path}` : `${source.argv[0]} printed nothing`
}

const remedyFor = (secret: string, source: SecretSource): string => {
  if (source.from === "environment")
    return `${secret}=… fireclay …, or name another source: secret("${secret}", { file: … })`
  return source.from === "file" ? `add it to ${source.path}` : `see what it prints: ${source.argv.join(" ")}`
}

const missing = (secret: string, message: string, remedy: string): FireclayError =>
  new FireclayError("FC_SECRET_MISSING", message, { at: `secret("${secret}")`, remedy })

const bytesOf = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text)

const once = <T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
