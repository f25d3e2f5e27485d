import { closest } from "../schema/closest.ts"
import { type FoundHost, inventoryError, type Text } from "./place.ts"
import { addressAt, readHosts } from "./terraform-hosts.ts"

export type TerraformWant =
  /** An output, by its name. */
  | { readonly output: string }
  /** An attribute of each instance of a resource: `aws_instance.web`, `public_ip`. */
  | { readonly resource: string; readonly attribute: string; readonly name?: string | undefined }

/**
 * Servers from what `terraform output -json` prints, or from a state of version 4. What is marked as sensitive is refused: hosts
 * are shown in every plan.
 *
 * @throws FireclayError FC_INVENTORY
 */
export const readTerraform = (text: Text, kind: "outputs" | "state", want: TerraformWant): readonly FoundHost[] => {
  const document = parse(text)
  if (kind === "state") checkState(document, text.file)
  if ("resource" in want) return fromResource(document, text.file, want)
  const outputs = kind === "state" ? objectOr(document.outputs) : document
  return fromOutput(outputs, text.file, want.output, kind)
}

type Json = { readonly [key: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const objectOr = (value: unknown): Json => (isObject(value) ? value : {})

const parse = ({ file, text }: Text): Json => {
  const remedy = `terraform output -json > ${file}`
  try {
    const document: unknown = JSON.parse(text)
    if (isObject(document)) return document
  } catch {
    // What the parser says quotes the text, which may be a secret.
    throw inventoryError("the file is not JSON", file, remedy)
  }
  throw inventoryError("the file is not a document of Terraform's", file, remedy)
}

const checkState = (document: Json, at: string): void => {
  if ("encrypted_data" in document)
    throw inventoryError(
      "the state is encrypted",
      at,
      "use an output: terraform output -json, and terraform({ output, file })",
    )
  if (document.version === 4) return
  const version = typeof document.version === "number" ? `of version ${document.version}` : "without a version"
  throw inventoryError(
    `a state ${version} cannot be read`,
    at,
    "terraform state pull > FILE, by Terraform 0.12 or later",
  )
}

const fromOutput = (outputs: Json, file: string, name: string, kind: "outputs" | "state"): readonly FoundHost[] => {
  const output = outputs[name]
  const at = `${file}: output ${name}`
  if (output === undefined || !Object.hasOwn(outputs, name))
    throw unknown(`there is no output "${name}"`, name, Object.keys(outputs), file)
  if (!isObject(output) || !("value" in output))
    throw inventoryError(
      "this is not an output of Terraform's",
      at,
      kind === "outputs" ? "terraform output -json, without the name of an output" : undefined,
    )
  if (output.sensitive === true)
    throw inventoryError(
      `the output "${name}" is sensitive, and hosts are shown in every plan`,
      at,
      "give another output that is not: nonsensitive(…)",
    )
  return readHosts(output.value, at)
}

const fromResource = (
  document: Json,
  file: string,
  want: { readonly resource: string; readonly attribute: string; readonly name?: string | undefined },
): readonly FoundHost[] => {
  const resources = (Array.isArray(document.resources) ? document.resources : []).filter(isObject)
  const found = resources.filter((resource) => addressOf(resource) === want.resource)
  if (found.length === 0)
    throw unknown(`there is no resource ${want.resource}`, want.resource, [...new Set(resources.map(addressOf))], file)
  const instances = found
    .flatMap((resource) => (Array.isArray(resource.instances) ? resource.instances : []))
    .filter(isObject)
    // One that was replaced and is still to be destroyed.
    .filter((instance) => instance.deposed === undefined)
  if (instances.length === 0) throw inventoryError(`${want.resource} has no instances`, file, "terraform apply")
  return instances.map((instance) => fromInstance(instance, file, want))
}

const addressOf = ({ module, mode, type, name }: Json): string =>
  [...(typeof module === "string" ? [module] : []), ...(mode === "data" ? ["data"] : []), type, name].join(".")

const fromInstance = (
  instance: Json,
  file: string,
  {
    resource,
    attribute,
    name,
  }: { readonly resource: string; readonly attribute: string; readonly name?: string | undefined },
): FoundHost => {
  const key = instance.index_key
  const at = `${file}: ${resource}${key === undefined ? "" : `[${JSON.stringify(key)}]`}`
  for (const path of [attribute, ...(name === undefined ? [] : [name])])
    if (isSensitive(instance, path))
      throw inventoryError(`${path} is sensitive, and hosts are shown in every plan`, at, "use another attribute")
  const destination = addressAt(instance.attributes, attribute, at)
  const short = resource.split(".").at(-1) ?? resource
  const usual = typeof key === "string" ? key : `${short}${key === undefined ? "" : `-${String(key)}`}`
  return { name: name === undefined ? usual : addressAt(instance.attributes, name, at), destination, at }
}

/** `sensitive_attributes` has a path for each, as a list of steps. */
const isSensitive = ({ sensitive_attributes: paths }: Json, attribute: string): boolean =>
  (Array.isArray(paths) ? paths : []).some((path) => {
    const first: unknown = Array.isArray(path) ? path[0] : undefined
    return isObject(first) && first.value === attribute.split(".")[0]
  })

const unknown = (message: string, name: string, known: readonly string[], at: string): Error => {
  const guess = closest(name, known)
  return inventoryError(
    message,
    at,
    guess === undefined ? `there are: ${known.join(", ") || "none"}` : `did you mean "${guess}"?`,
  )
}
