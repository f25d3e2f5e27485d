import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Writes a project of 100 resources on one server: those that `floor.sh` asks about. */
export const writeProject = (
  directory: string,
  server: { readonly name: string; readonly sshConfig: string },
): void => {
  mkdirSync(join(directory, "files"))
  mkdirSync(join(directory, "templates"))
  for (const number of upTo(60)) writeFileSync(join(directory, "files", `${number}.conf`), linesOf(number, 40))
  for (const number of upTo(10))
    writeFileSync(join(directory, "templates", `${number}.conf`), `listen {{ port }}\n${linesOf(number, 20)}`)
  writeFileSync(join(directory, "fireclay.config.ts"), config(server.name, server.sshConfig))
}

const upTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1).padStart(2, "0"))

/** About 2 KB of settings, different in each file. */
const linesOf = (number: string, count: number): string =>
  upTo(count)
    .map((line) => `setting.${line}.of.file.${number} = a value of some length ${line}${number}\n`)
    .join("")

const config = (
  name: string,
  sshConfig: string,
): string => `import { allAtOnce, defineProject, fleet, inPlace, spec, ssh } from "fireclay"
import { command, directory, file, link, service, user } from "fireclay/resources"

const upTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1).padStart(2, "0"))

const web = spec("web", {
  resources: [
    ...[1, 2, 3, 4, 5].map((number) => user(\`bench\${number}\`, { system: true })),
    directory("/srv/bench/done"),
    ...upTo(9).map((number) => directory(\`/srv/bench/directories/\${number}\`, { mode: 0o750 })),
    ...upTo(60).map((number) => file(\`/srv/bench/files/\${number}.conf\`, { source: \`files/\${number}.conf\` })),
    ...upTo(10).map((number) =>
      file(\`/srv/bench/templates/\${number}.conf\`, {
        template: \`templates/\${number}.conf\`,
        variables: { port: 8000 + Number(number) },
      }),
    ),
    ...upTo(5).map((number) => link(\`/srv/bench/links/\${number}\`, { target: \`../files/\${number}.conf\` })),
    ...["ssh", "dbus", "systemd-journald", "systemd-logind"].map((unit) => service(unit)),
    service("systemd-networkd", { enabled: false, running: false }),
    ...[1, 2, 3, 4, 5].map((number) =>
      command(\`done-\${number}\`, {
        check: ["/usr/bin/test", "-e", \`/srv/bench/done/\${number}\`],
        run: ["/usr/bin/touch", \`/srv/bench/done/\${number}\`],
        undo: ["/usr/bin/rm", \`/srv/bench/done/\${number}\`],
      }),
    ),
  ],
})

export default defineProject({
  name: "bench",
  fleets: {
    web: fleet(web, {
      on: ssh({ hosts: [{ destination: "${name}", sshConfig: "${sshConfig}" }] }),
      by: inPlace({ strategy: allAtOnce() }),
    }),
  },
})
`
