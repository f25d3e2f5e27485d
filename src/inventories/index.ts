export { type AnsibleWant, type Found, readAnsible, type VariableFiles } from "./ansible.ts"
export { type FoundHost, inventoryError, type Text } from "./place.ts"
export { readTerraform, type TerraformWant } from "./terraform.ts"
