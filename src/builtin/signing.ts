import { resolve } from "node:path"
import { type Engine, FireclayError, type SecretData, type Secrets, type Verify } from "../contract/index.ts"
import { checkBlobs, type Layout, readPrivateKey, readPublicKey, signImage, verifySignature } from "../images/index.ts"

/**
 * That an image was signed by a key, and is what was signed, in every form in which it is used.
 *
 * @throws FireclayError FC_KEY, FC_IMAGE_UNSIGNED, FC_IMAGE_SIGNATURE, FC_IMAGE_DIGEST, FC_IMAGE_UNKNOWN
 */
export const trust = async (engine: Engine, image: string, verify: Verify, directory: string): Promise<void> => {
  const layout = layoutOf(engine)
  await verifySignature(layout, image, await readPublicKey(resolve(directory, verify.key)))
  if (engine.checkImage !== undefined) await engine.checkImage(image)
  else await checkBlobs(layout, image)
}

/** Opens a key once, and signs images with it: here with all that lies beside it, or under a name. */
export type Signer = (image: string, name?: string) => Promise<void>

/** @throws FireclayError FC_KEY, FC_SECRET_MISSING */
export const openSigner = async (engine: Engine, path: string, secrets: Secrets): Promise<Signer> => {
  const layout = layoutOf(engine)
  const key = await readPrivateKey(path, () => secrets.read(passphrase))
  return async (image, name) => {
    await signImage(layout, image, key, name)
    // Loaded here: few builds sign.
    if (name === undefined) await (await import("../images/attest.ts")).signDocuments(layout, image, key)
  }
}

/** Where the images of an engine are. */
export const layoutOf = ({ layout, name }: Engine): Layout => {
  if (layout !== undefined) return { directory: layout }
  throw new FireclayError("FC_USAGE", `images of the engine ${name} cannot leave it`)
}

const passphrase: SecretData = { secret: "FIRECLAY_SIGN_PASSPHRASE", source: { from: "environment" } }
