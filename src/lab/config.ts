import type { Version, WayWant } from "./want.ts"

/** How a version is changed before it is delivered. */
export type Variant =
  | { readonly kind: "as it is" }
  /** One file more; its text is new each time. */
  | { readonly kind: "file"; readonly text: string }
  | { readonly kind: "package"; readonly name: string }
  /** Its last step fails. */
  | { readonly kind: "failing step" }
  /** It starts, is well, and answers with errors so many seconds after its first answer. */
  | { readonly kind: "bad"; readonly afterSeconds: number }

export const asItIs: Variant = { kind: "as it is" }

export interface SiteConfig {
  readonly project: string
  readonly way: Pick<WayWant, "delivery" | "engine" | "by" | "holdMs">
  readonly size: number
  readonly listen: number
  readonly spec: string
}

/** What every site calls its fleet. */
export const fleetName = "compared"

/** Pure: a configuration that takes one spec from the user's own, and delivers it one way. It stands beside that one. */
export const configText = (
  { project, way, size, listen, spec }: SiteConfig,
  { config, touched }: Version,
  variant: Variant,
): string => {
  const hosts = `${way.engine}({ ${way.delivery === "in-place" ? "machines" : "count"}: ${size} })`
  const additions = [...(touched === true ? [fileOf("the update")] : []), ...additionsOf(variant)]
  const hold = way.holdMs === undefined ? "" : `, holdMs: ${way.holdMs}`
  return `import { defineProject, docker, local } from "fireclay"
import { command, file, pkg } from "fireclay/resources"
import project from ${JSON.stringify(`./${config}`)}

const found = Object.values(project.fleets).find(({ spec }) => spec.name === ${JSON.stringify(spec)})
if (found === undefined) throw new Error(${JSON.stringify(`there is no spec ${spec}`)})
const additions = [${additions.join(", ")}]
const own = found.spec.resources
const resources = typeof own === "function" ? (machine) => [...own(machine), ...additions] : [...own, ...additions]
const run = ${variant.kind === "bad" ? `{ command: ${JSON.stringify(badCommand(variant.afterSeconds))}.concat(String(found.spec.port)) }` : "found.spec.run"}
// These machines are made for a comparison: what they keep goes with them.
const volumes = found.spec.volumes.map(({ protect, ...volume }) => volume)
const spec = { ...found.spec, resources, volumes, ...(run === undefined ? {} : { run }) }

export default defineProject({
  name: ${JSON.stringify(project)},
  fleets: { ${fleetName}: { spec, on: ${hosts}, by: ${JSON.stringify(way.by)}, listen: ${listen}${hold} } },
})
`
}

const additionsOf = (variant: Variant): readonly string[] => {
  if (variant.kind === "file") return [fileOf(variant.text)]
  if (variant.kind === "package") return [`pkg(${JSON.stringify(variant.name)})`]
  if (variant.kind === "failing step")
    return [`command("fails", { run: ["/bin/false"], check: ["/bin/false"], undo: ["/bin/true"] })`]
  return variant.kind === "bad" ? [`file(${JSON.stringify(badProgram)}, { content: ${JSON.stringify(badText)} })`] : []
}

const fileOf = (text: string): string => `file("/etc/fireclay-compare", { content: ${JSON.stringify(`${text}\n`)} })`

const badProgram = "/srv/fireclay-compare-bad"

const badCommand = (afterSeconds: number): readonly string[] => ["/usr/bin/perl", badProgram, String(afterSeconds)]

/** Perl is on every Debian, and nothing else that can serve is. One process for each connection, as the simplest servers have. */
const badText = `use strict; use IO::Socket::INET;
my ($seconds, $port) = @ARGV; my $until; $SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 256, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  $until //= time + $seconds;
  my $status = time < $until ? '200 OK' : '500 Internal Server Error';
  if (fork) { close $client; next }
  while (my $line = <$client>) { last if $line =~ /^\\r?\\n$/ }
  print $client "HTTP/1.1 $status\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nbad\\n"; exit;
}
`
