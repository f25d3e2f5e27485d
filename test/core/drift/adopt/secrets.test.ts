import { describe, expect, it } from "vitest"
import { isSecretPath, saysSecret } from "../../../../src/core/drift/adopt/secrets.ts"

describe("a file that is named like a secret", () => {
  it.each([
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/ssh/ssh_host_ed25519_key",
    "/root/.ssh/id_ed25519",
    "/etc/ssl/private/x.pem",
    "/opt/x.key",
    "/srv/.env",
    "/srv/.env.production",
    "/root/.netrc",
    "/root/.pgpass",
    "/root/.aws/credentials",
    "/root/.docker/config.json",
    "/etc/x/db-password",
    "/etc/x/api_token.txt",
    "/etc/secrets.yml",
    "/root/.gnupg/trustdb.gpg",
  ])("is known: %s", (path) => {
    expect(isSecretPath(path)).toBe(true)
  })

  it.each([
    "/etc/pam.d/common-password",
    "/root/.ssh/authorized_keys",
    "/etc/ssh/sshd_config",
    "/etc/ssh/ssh_host_ed25519_key.pub",
    "/root/.ssh/id_ed25519.pub",
    "/etc/cron.d/backup",
    "/opt/keys.txt",
    "/opt/tokenizer/run",
    "/etc/ssl/certs/x.pem",
  ])("is not: %s", (path) => {
    expect(isSecretPath(path)).toBe(false)
  })
})

describe("a text that says a secret", () => {
  it.each([
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    "key = AKIAABCDEFGHIJKLMNOP",
    "password=hunter22",
    'DB_PASSWORD: "hunter22"',
    "export API_KEY=abcd1234",
    '{"client_secret": "abcd1234"}',
    "postgres://app:hunter22@db/shop",
    "eve:$6$abcdefgh$abcdefghijklmnopqrstuvwxyz",
    "AGE-SECRET-KEY-1ABC",
  ])("is known: %s", (text) => {
    expect(saysSecret(Buffer.from(`x\n${text}\n`))).toBe(true)
  })

  it.each([
    "# password = hunter22",
    "password = ",
    "password = ${DB_PASSWORD}",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "password requisite pam_unix.so",
    "token: {{ token }}",
    "secret = none",
    "-----BEGIN PUBLIC KEY-----",
    "https://example.com/a:b",
  ])("is not: %s", (text) => {
    expect(saysSecret(Buffer.from(`x\n${text}\n`))).toBe(false)
  })
})
