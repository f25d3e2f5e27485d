import { FireclayError } from "../contract/index.ts"

/**
 * Opens a file that age encrypted, armored or not, with the keys of an identity file.
 *
 * @throws FireclayError FC_SECRET_FILE
 */
export const decrypt = async (
  encrypted: Uint8Array,
  identityFile: string,
  names: { readonly file: string; readonly key: string },
): Promise<Uint8Array> => {
  const identities = identityFile
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
  const refuse = (message: string, at: string, remedy: string): FireclayError =>
    new FireclayError("FC_SECRET_FILE", message, { at, remedy })
  if (identities.length === 0 || !identities.every((line) => /^AGE-SECRET-KEY-/.test(line)))
    throw refuse(
      "the key is not one of age's: each line is a comment or AGE-SECRET-KEY-…",
      names.key,
      "age-keygen -o KEY makes one; keys of ssh and plug-ins are not supported",
    )
  // Loaded here: most projects keep no secrets in files.
  const { Decrypter, armor } = await import("age-encryption")
  try {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity)
    const text = Buffer.from(encrypted).toString("latin1")
    const armored = text.trimStart().startsWith("-----BEGIN AGE ENCRYPTED FILE-----")
    return await decrypter.decrypt(armored ? armor.decode(text) : encrypted)
  } catch {
    // Without its cause: what the library says may quote the file.
    throw refuse(
      "the file of secrets could not be decrypted with this key",
      names.file,
      `is it encrypted for the key in ${names.key}? its recipient: age-keygen -y ${names.key}`,
    )
  }
}
