import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import type { Case, Side, Site } from "./side.ts"
import type { Work } from "./work.ts"

/** As it comes: 5 forks, no pipelining, facts gathered. */
export const ansibleDefault = (): Side => ansible("Ansible, default", () => [])

/** As its users tune it: pipelining, kept connections, as many forks as hosts, no facts. */
export const ansibleTuned = (): Side => ansible("Ansible, tuned", tuned)

/** Tuned, and run by Mitogen. */
export const ansibleMitogen = (): Side =>
  ansible("Ansible with Mitogen", (site) => [
    ...tuned(site),
    "strategy_plugins = /usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy",
    "strategy = mitogen_linear",
  ])

const tuned = (site: Site): readonly string[] => [
  `forks = ${site.hosts.length}`,
  "gathering = explicit",
  "pipelining = True",
]

const ansible = (name: string, settings: (site: Site) => readonly string[]): Side => {
  const slug = name.toLowerCase().replaceAll(/[^a-z]+/g, "-")
  const at = (site: Site, file: string): string => join(site.directory, `${slug}-${file}`)
  return {
    name,
    prepare: async (site) => {
      writeFileSync(at(site, "playbook.yml"), JSON.stringify(playbook(site.work)))
      writeFileSync(at(site, "hosts.ini"), inventory(site, `${slug}-masters`))
      writeFileSync(at(site, "ansible.cfg"), configuration(settings(site)))
    },
    run: async (site, which) => {
      const argv = ["ansible-playbook", "-i", at(site, "hosts.ini"), at(site, "playbook.yml")]
      const env = { ...process.env, ANSIBLE_CONFIG: at(site, "ansible.cfg"), LC_ALL: "C.UTF-8" }
      const { exitCode, stdout, stderr } = await run([...argv, ...(which === "preview" ? ["--check"] : [])], {
        cwd: site.directory,
        env,
      })
      const wrong = exitCode !== 0 ? `ended with ${exitCode}` : misfit(stdout.toString(), which)
      if (wrong !== undefined)
        throw new Error(`${name} ${wrong}:\n${[...lastLines(stdout, 30), ...lastLines(stderr)].join("\n")}`)
    },
    // Masters that live on would be a warm start, which no other side gets.
    forget: async (site) => {
      await run(["pkill", "-f", `ControlPath=.*${slug}-masters`])
      await run(["rm", "-rf", join(site.directory, `${slug}-masters`)])
    },
  }
}

/** Tasks that changed something, of every host: all of them, one, or none. */
const misfit = (stdout: string, which: Case): string | undefined => {
  const changed = [...stdout.matchAll(/ changed=(\d+) /g)].map(([, count]) => Number(count))
  const right = { "first apply": 7, "no change": 0, "one changed file": 1, preview: 0 }[which]
  return changed.length > 0 && changed.every((count) => count === right)
    ? undefined
    : `changed ${changed.join(", ")} tasks`
}

const configuration = (settings: readonly string[]): string =>
  ["[defaults]", "retry_files_enabled = False", "interpreter_python = /usr/bin/python3", ...sections(settings)].join(
    "\n",
  )

const sections = (settings: readonly string[]): readonly string[] => {
  const ofConnection = settings.filter((line) => line.startsWith("pipelining"))
  return [...settings.filter((line) => !ofConnection.includes(line)), "[ssh_connection]", ...ofConnection, ""]
}

const inventory = (site: Site, masters: string): string =>
  [
    "[web]",
    ...site.hosts,
    "[web:vars]",
    `ansible_ssh_common_args=-F ${site.sshConfig}`,
    `ansible_control_path_dir=${join(site.directory, masters)}`,
    "",
  ].join("\n")

/** One task for each kind, looping over what there is of it, as people write it. */
const playbook = (work: Work): readonly object[] => [
  {
    hosts: "web",
    tasks: [
      each("user", work.users, {
        name: "bench{{ item }}",
        system: true,
        create_home: false,
        shell: "/usr/sbin/nologin",
      }),
      each(
        "file",
        ["", "/files", "/templates", "/links", ...work.directories.map((number) => `/directories/${number}`)],
        {
          path: "/srv/bench{{ item }}",
          state: "directory",
          mode: "{{ '0750' if '/directories/' in item else '0755' }}",
        },
      ),
      each("copy", work.files, {
        src: "files/{{ item }}.conf",
        dest: "/srv/bench/files/{{ item }}.conf",
        mode: "0644",
      }),
      {
        ...each("template", work.templates, {
          src: "templates/{{ item }}.conf",
          dest: "/srv/bench/templates/{{ item }}.conf",
          mode: "0644",
        }),
        vars: { port: "{{ 8000 + (item | int) }}" },
      },
      each("file", work.links, {
        src: "../files/{{ item }}.conf",
        dest: "/srv/bench/links/{{ item }}",
        state: "link",
      }),
      each("lineinfile", work.lines, { path: "/srv/lines/{{ item }}.conf", line: "bench = {{ item }}" }),
      each("command", work.commands, {
        argv: ["touch", "/srv/bench/done-{{ item }}"],
        creates: "/srv/bench/done-{{ item }}",
      }),
    ],
  },
]

const each = (module: string, items: readonly string[], options: object): object => ({
  name: `${module} ${items.length}`,
  [module]: options,
  loop: items,
})
