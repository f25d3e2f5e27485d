export { localMachine } from "./local.ts"
export { scratch } from "./scratch.ts"
export { type SshOptions, sshMachine } from "./ssh.ts"
