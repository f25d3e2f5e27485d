export { localMachine } from "./local.ts"
export { scratchMachine } from "./scratch.ts"
export { type SshMachine, type SshOptions, sshMachine } from "./ssh.ts"
