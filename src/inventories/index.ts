export { readAnsible } from "./ansible.ts"
export { readTerraform } from "./terraform.ts"
