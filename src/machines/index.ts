export { localMachine } from "./local.ts"
export { scratchMachine } from "./scratch.ts"
export { type SshOptions, sshMachine } from "./ssh.ts"
