import { quote, quoteAll } from "../quote.ts"
import type { Manifest } from "../release.ts"

/** Something that somebody does to a machine by hand, as root. No service is disturbed by it. */
export interface Hand {
  /** `a described file's content`. */
  readonly what: string
  /** For a POSIX shell; it fails where the machine does not let it happen. */
  readonly make: string
  /** Answers 0 as long as it is still there. */
  readonly isThere: string
}

/**
 * Twelve changes by hand, of kinds that people make. Two of them are to a file that the release describes; of one that
 * describes none there are ten.
 */
export const handsOn = ({ resources }: Pick<Manifest, "resources">): readonly Hand[] => {
  const files = resources.flatMap(describedFile).toSorted(settingsFirst)
  const packages = resources.filter(({ type }) => type === "package").map(({ want }) => textOf(want, "name"))
  return [...files.slice(0, 1).flatMap(handsOnFile), packagedFile([...packages, "dpkg"]), ...always]
}

interface DescribedFile {
  readonly path: string
  readonly mode: number
}

const describedFile = ({ type, want }: Manifest["resources"][number]): readonly DescribedFile[] => {
  const mode = (want as { readonly mode?: unknown }).mode
  return type === "file" ? [{ path: textOf(want, "path"), mode: typeof mode === "number" ? mode : 0o644 }] : []
}

const textOf = (want: unknown, name: "name" | "path"): string =>
  String((want as { readonly [field: string]: unknown })[name])

const settingsFirst = (one: DescribedFile, other: DescribedFile): number =>
  Number(other.path.startsWith("/etc/")) - Number(one.path.startsWith("/etc/"))

const handsOnFile = ({ path, mode }: DescribedFile): readonly Hand[] => {
  const file = quote(path)
  const isOpen = (mode & groupMayWrite) !== 0
  return [
    hand("a described file's content", `${blank} >>${file}`, `[ "$(${lastOf(file)})" = ${blankSeen} ]`),
    hand(
      "a described file's mode",
      `chmod g${isOpen ? "-" : "+"}w ${file}`,
      `[ -e ${file} ] && [ $((0$(stat -c %a ${file}) & ${groupMayWrite})) ${isOpen ? "=" : "!="} 0 ]`,
    ),
  ]
}

/** The first file of the packages that is no documentation. In place of it, for a program that runs cannot be written to. */
const packagedFile = (packages: readonly string[]): Hand => {
  const first = [
    `file=$(dpkg -L ${quoteAll(packages)} 2>/dev/null | while read -r path; do`,
    "  case $path in /usr/share/doc/* | /usr/share/man/*) continue ;; /usr/*) ;; *) continue ;; esac",
    '  if [ -f "$path" ] && [ ! -L "$path" ]; then echo "$path"; break; fi',
    "done)",
  ].join("\n")
  return hand(
    "a file of a package, overwritten",
    `${first}\ncp -p "$file" "$file.new"\n${blank} >>"$file.new"\nmv "$file.new" "$file"`,
    `${first}\n[ "$(${lastOf('"$file"')})" = ${blankSeen} ]`,
  )
}

const hand = (what: string, make: string, isThere: string): Hand => ({ what, make: `set -e\n${make}`, isThere })

const groupMayWrite = 0o020

// White space does no harm to most of what reads files.
const blank = "printf ' \\n\\n'"
const blankSeen = "snn"
const lastOf = (file: string): string => `tail -c 3 ${file} | tr ' \\n' sn`

const anotherPackage = `at=$(mktemp -d)
mkdir -p "$at/p/DEBIAN" "$at/p/usr/share/by-hand"
echo 1 >"$at/p/usr/share/by-hand/version"
printf 'Package: by-hand\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.com>\\nDescription: x\\n' >"$at/p/DEBIAN/control"
dpkg-deb --build "$at/p" "$at/by-hand.deb" >/dev/null
dpkg -i "$at/by-hand.deb" >/dev/null
rm -r "$at"`

const strayUnit = `printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/by-hand.service
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../by-hand.service /etc/systemd/system/multi-user.target.wants/by-hand.service`

const always: readonly Hand[] = [
  hand("a file more in /etc", "echo x >/etc/by-hand.conf", "[ -e /etc/by-hand.conf ]"),
  hand("a package more", anotherPackage, "[ -e /usr/share/by-hand/version ]"),
  hand("an account more", "useradd --no-create-home by-hand", "grep -q ^by-hand: /etc/passwd"),
  hand(
    "a line in the table of cron",
    "echo '7 3 * * * root true by-hand' >>/etc/crontab",
    "grep -q by-hand /etc/crontab 2>/dev/null",
  ),
  hand("a unit that starts at boot", strayUnit, "[ -e /etc/systemd/system/by-hand.service ]"),
  hand(
    "a setting of the kernel",
    "mkdir -p /etc/sysctl.d\necho 'vm.swappiness = 10' >/etc/sysctl.d/99-by-hand.conf",
    "[ -e /etc/sysctl.d/99-by-hand.conf ]",
  ),
  hand(
    "a shell that runs as root for everybody",
    "cp /bin/sh /usr/local/bin/by-hand\nchmod 4755 /usr/local/bin/by-hand",
    "[ -u /usr/local/bin/by-hand ]",
  ),
  hand(
    "a key that root may log in with",
    "mkdir -p -m 700 /root/.ssh\necho 'ssh-ed25519 AAAA by-hand' >>/root/.ssh/authorized_keys",
    "grep -q by-hand /root/.ssh/authorized_keys 2>/dev/null",
  ),
  hand(
    "a program where anybody may write",
    "cp /bin/true /var/tmp/by-hand\nchmod 755 /var/tmp/by-hand",
    "[ -x /var/tmp/by-hand ]",
  ),
]
