export { localMachine } from "./local.ts"
export { scratchMachine } from "./scratch.ts"
export { type SshMachine, sshMachine } from "./ssh.ts"
export { type PasswordReaders, readSudoPassword } from "./ssh-sudo.ts"
