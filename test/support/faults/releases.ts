import type { Resource } from "../../../src/contract/index.ts"
import { withPatches } from "../../../src/core/patch/released.ts"
import { type Bundle, bundle } from "../../../src/core/release.ts"
import { command, directory, file, group, link, pkg, service, user } from "../../../src/resources/index.ts"
import { spec } from "../../../src/spec/index.ts"

const unitFile = (name: string, more = ""): Resource =>
  file(`/etc/systemd/system/${name}.service`, {
    content: `[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n${more}[Install]\nWantedBy=multi-user.target\n`,
  })

const odd = `/srv/odd/a "b" 'c' $d \\e`

/** Release N-1: what stands there before. */
const before: readonly Resource[] = [
  pkg("fc-tool", { version: "1.0" }),
  pkg("fc-old"),
  group("changed", { gid: 6001 }),
  group("leaving", { gid: 6002 }),
  user("changes", { comment: "before", shell: "/bin/sh", groups: ["changed"] }),
  user("leaves", { system: true }),
  directory("/srv/kept", { mode: 0o2775, group: "changed" }),
  directory("/srv/empty", { mode: 0o1777 }),
  file("/srv/kept/replaced", { content: "before\n", mode: 0o4750, owner: "changes" }),
  file("/srv/kept/given", { content: "same\n", owner: "changes", group: "changed" }),
  file("/srv/kept/leaves", { content: "leaves\n", mode: 0o600 }),
  file("/srv/deep/er/leaves", { content: "and its directories\n" }),
  file("/srv/was-file", { content: "a file\n" }),
  link("/srv/current", { target: "kept" }),
  link("/srv/link-leaves", { target: "/nowhere" }),
  link("/srv/was-link", { target: "kept/replaced" }),
  file("/etc/fc-restart.conf", { content: "before\n" }),
  file("/etc/fc-reload.conf", { content: "before\n" }),
  unitFile("fc-restarts"),
  unitFile("fc-reloads"),
  unitFile("fc-stops"),
  unitFile("fc-starts"),
  unitFile("fc-leaves"),
  service("fc-restarts", { restartOn: ["/etc/fc-restart.conf"] }),
  service("fc-reloads", { reloadOn: ["/etc/fc-reload.conf"] }),
  service("fc-stops"),
  service("fc-starts", { enabled: false, running: false }),
  service("fc-leaves"),
]

/** Release N: every kind of step is on the way there. */
const after: readonly Resource[] = [
  pkg("fc-tool", { version: "2.0" }),
  group("changed", { gid: 6011 }),
  group("comes", { gid: 6012 }),
  user("changes", { comment: "after", shell: "/bin/bash", groups: ["changed", "comes"] }),
  user("comes", { group: "comes" }),
  user("serves", { system: true }),
  pkg("fc-new"),
  directory("/srv/kept", { mode: 0o755 }),
  directory("/srv/new", { mode: 0o750, owner: "comes", group: "comes" }),
  file("/srv/kept/replaced", { content: "after\n", mode: 0o644 }),
  file("/srv/kept/given", { content: "same\n", owner: "serves", mode: 0o600 }),
  file("/srv/new/below/it", { content: "x".repeat(20_000), owner: "comes", group: "comes" }),
  file(odd, { content: "odd\n" }),
  directory("/srv/was-file"),
  file("/srv/was-file/inside", { content: "inside\n" }),
  link("/srv/current", { target: "new" }),
  link("/srv/link-comes", { target: "/srv/new/below/it" }),
  file("/srv/was-link", { content: "a file now\n" }),
  file("/srv/hand-link", { content: "over a link\n" }),
  file("/etc/fc-tool.conf", { content: "of the release\n" }),
  file("/etc/fc-restart.conf", { content: "after\n" }),
  file("/etc/fc-reload.conf", { content: "after\n" }),
  unitFile("fc-restarts", "Environment=A=B\n"),
  unitFile("fc-reloads"),
  unitFile("fc-stops"),
  unitFile("fc-starts"),
  unitFile("fc-comes", "User=serves\n"),
  command("spool", {
    run: ["/bin/sh", "-c", "mkdir /srv/spool && sleep 0.1 && echo 1 >/srv/spool/one"],
    check: ["test", "-e", "/srv/spool/one"],
    undo: ["rm", "-rf", "/srv/spool"],
  }),
  service("fc-restarts", { restartOn: ["/etc/fc-restart.conf"] }),
  service("fc-reloads", { reloadOn: ["/etc/fc-reload.conf"] }),
  service("fc-stops", { enabled: false, running: false }),
  service("fc-starts"),
  service("fc-comes"),
]

export const specOf = (release: 1 | 2) => spec("web", { resources: release === 1 ? before : after })

/** The second brings a patch of what no resource mentions, too. */
export const bundleOf = async (release: 1 | 2): Promise<Bundle> =>
  withPatches(await bundle(specOf(release), "/"), release === 1 ? {} : { "fc-patched": "2.0" })

/** What a used machine has that no resource mentions, and that undo must not harm. */
export const madeByHand = `
set -e
echo 'changed by hand' >/etc/fc-tool.conf
echo 'changed by hand' >/etc/fc-old.conf
ln -s kept/replaced /srv/hand-link
apt-get -q -y install fc-held=1.0 fc-patched=1.0 >/dev/null
apt-mark hold fc-held >/dev/null
python3 -c 'import os; os.setxattr("/srv/kept/replaced", "user.fireclay", b"kept")'
touch -d 2001-02-03 /srv/kept/replaced /srv/kept/leaves
echo hand >/srv/kept/by-hand
`
