import { join } from "node:path"
import { run } from "../../src/system/process.ts"

/** A pair of keys as the guide says to make them. */
export const makeKeys = async (directory: string, name: string, kind: "P-256" | "Ed25519" = "P-256") => {
  const keys = { private: join(directory, `${name}.key`), public: join(directory, `${name}.pub`) }
  const algorithm = kind === "P-256" ? ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["ed25519"]
  await run(["openssl", "genpkey", "-algorithm", ...algorithm, "-out", keys.private])
  await run(["openssl", "pkey", "-in", keys.private, "-pubout", "-out", keys.public])
  return keys
}
