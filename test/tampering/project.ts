/** Packages of the test's own, made on the machine itself, with a source of them: `probe` in two versions, and another. */
const makeProbes = [
  "make() {",
  "  mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/$1",
  "  echo $2 >/tmp/p/usr/share/$1/version",
  "  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@example.com>\\nDescription: x\\n' $1 $2 >/tmp/p/DEBIAN/control",
  "  dpkg-deb --build /tmp/p $3 >/dev/null; rm -r /tmp/p",
  "}",
  "make probe 1 /srv/data/probe-1.deb; make probe 2 /srv/data/probe-2.deb; make probe-other 1 /srv/data/probe-other.deb",
  "dpkg -i /srv/data/probe-2.deb",
  "cd /srv/data && for deb in *.deb; do dpkg-deb -f $deb; echo Filename: ./$deb; echo Size: $(stat -c %s $deb); echo SHA256: $(sha256sum <$deb | cut -c 1-64); echo; done >Packages",
  "echo 'deb [trusted=yes] file:/srv/data ./' >/etc/apt/sources.list.d/probes.list",
  "apt-get -q update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/probes.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0",
].join("\n")

/**
 * Machines with a bit of everything, and an instance.
 *
 * @param content of a file
 * @param packages more of them
 * @param more lines of TypeScript: resources, what else the spec of the machines says, and what their fleet does
 */
export const configOf = (
  content: string,
  packages: readonly string[] = [],
  more: { readonly resources?: string; readonly spec?: string; readonly fleet?: string } = {},
): string => `
import { allAtOnce, debian, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { command, directory, file, pkg, service, user } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm"),
  resources: [
    pkg("cron"), pkg("libcap2-bin"), pkg("openssh-server"), pkg("sudo"), pkg("perl"),${packages.map((name) => ` pkg("${name}"),`).join("")}
    user("app", { system: true }),
    directory("/srv/data"),
    command("probes", {
      run: ["sh", "-c", ${JSON.stringify(makeProbes)}],
      check: ["test", "-e", "/srv/data/probe-2.deb"],
      undo: ["dpkg", "--purge", "probe"],
    }),
    file("/etc/motd", { content: "${content}\\n" }),
    file("/etc/web.conf", { content: "web\\n" }),
    service("cron"),${more.resources ?? ""}
  ],${more.spec ?? ""}
  volumes: { data: { path: "/srv/data" } },
  drift: {
    ignore: [
      { path: "/etc/provider/**", reason: "the provider's agent" },
      { kind: "running unit", name: "agent-*", reason: "it was", until: "2026-01-31" },
    ],
    watch: [{ path: "/srv/data/plugins/**", reason: "they run with our rights" }],
  },
})

const app = spec("app", {
  base: debian("bookworm"),
  resources: [file("/srv/app/run", { content: "#!/bin/sh\\nexec sleep infinity\\n", mode: 0o755 })],
  run: { command: ["/srv/app/run"], writable: ["/srv/scratch"] },
})

export default defineProject({
  name: "drift-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 2 }), by: inPlace({ strategy: allAtOnce() })${more.fleet ?? ""} }),
    cattle: fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  },
})
`

/** What `destroy` has to be told, so that no data stays. */
export const volumes: readonly string[] = ["pets-1.data", "pets-2.data"].flatMap((name) => ["--delete-volumes", name])
