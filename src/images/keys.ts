import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"
import { readFile } from "node:fs/promises"
import { FireclayError } from "../contract/index.ts"

/**
 * A private key to sign with, in PEM: ECDSA on P-256, or Ed25519.
 *
 * @param passphrase is asked for where the key is encrypted
 * @throws FireclayError FC_KEY
 */
export const readPrivateKey = async (path: string, passphrase: () => Promise<Uint8Array>): Promise<KeyObject> => {
  const pem = await readPem(path)
  if (/SIGSTORE PRIVATE KEY|COSIGN PRIVATE KEY/.test(pem))
    throw unusable(path, "it is encrypted in a way of cosign's own", makeKey)
  const encrypted = /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(pem)
  const secret = encrypted ? Buffer.from(await passphrase()) : undefined
  try {
    return checked(createPrivateKey({ key: pem, ...(secret === undefined ? {} : { passphrase: secret }) }), path)
  } catch (error) {
    if (error instanceof FireclayError) throw error
    throw unusable(path, encrypted ? "the passphrase does not open it" : "it is no private key in PEM", makeKey)
  }
}

/** @throws FireclayError FC_KEY */
export const readPublicKey = async (path: string): Promise<KeyObject> => {
  const pem = await readPem(path)
  if (/PRIVATE KEY/.test(pem))
    throw unusable(path, "it is a private key", `openssl pkey -in ${path} -pubout -out key.pub`)
  try {
    return checked(createPublicKey(pem), path)
  } catch (error) {
    if (error instanceof FireclayError) throw error
    throw unusable(path, "it is no public key in PEM", "openssl pkey -in KEY -pubout -out key.pub")
  }
}

const readPem = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw unusable(path, cause.code === "ENOENT" ? "it is not there" : `it cannot be read (${cause.code})`, makeKey)
  })

const checked = (key: KeyObject, path: string): KeyObject => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === "ed25519" || (type === "ec" && details?.namedCurve === "prime256v1")) return key
  throw unusable(path, `it is of the kind ${details?.namedCurve ?? type}, and not ECDSA on P-256 or Ed25519`, makeKey)
}

const makeKey = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out cosign.key"

const unusable = (path: string, why: string, remedy: string): FireclayError =>
  new FireclayError("FC_KEY", `the key cannot be used: ${why}`, { at: path, remedy })
