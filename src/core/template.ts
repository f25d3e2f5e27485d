import { FireclayError } from "../contract/index.ts"

/**
 * Replaces `{{ name }}`. Nothing else is a template language here, so nothing that a machine says can become code.
 *
 * @throws FireclayError FC_SPEC_TEMPLATE
 */
export const fill = (template: string, variables: { readonly [name: string]: unknown }, at: string): string =>
  template.replace(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined)
      throw new FireclayError("FC_SPEC_TEMPLATE", `the template uses {{ ${name} }}, which no variable gives`, {
        at,
        remedy: `add ${name} to variables; known: ${Object.keys(variables).join(", ") || "none"}`,
      })
    return String(value)
  })
