/**
 * A script that lists what a machine is: every path with kind, mode, owner, group, target and content, packages,
 * accounts and units. Without what varies by nature, and without times, which nobody promises for directories.
 */
export const snapshotScript = `
export LC_ALL=C
cd / && find . -xdev \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/tmp -o -path ./var/log -o -path ./var/cache \\
  -o -path ./var/lib/apt/lists -o -path ./var/lib/fireclay -o -path ./var/lib/systemd -o -path ./etc/resolv.conf -o -path ./etc/hostname -o -path ./etc/hosts \\
  -o -path ./var/lib/dpkg/status-old -o -path ./var/lib/dpkg/available-old -o -path ./var/lib/dpkg/lock -o -path ./var/lib/dpkg/lock-frontend -o -path ./var/lib/apt/extended_states \\
  -o -path ./var/lib/dpkg/status -o -path ./var/lib/dpkg/triggers/Lock -o -name __pycache__ -o -path ./etc/ld.so.cache -o -path ./.dockerenv \\) -prune -o -printf '%y %m %u %g %p -> %l\\n' | sort
find . -xdev \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/tmp -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt \\
  -o -path ./var/lib/fireclay -o -path ./var/lib/systemd -o -path ./var/lib/dpkg -o -path ./etc/resolv.conf -o -path ./etc/hostname -o -path ./etc/hosts -o -name __pycache__ -o -path ./etc/ld.so.cache -o -path ./.dockerenv \\) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
dpkg-query -W -f '\${binary:Package} \${Version} \${db:Status-Abbrev}\\n'
apt-mark showauto | sort
systemctl list-unit-files --no-legend --no-pager | sort
systemctl list-units --type=service --state=active --no-legend --no-pager --plain | cut -d' ' -f1 | grep -v '^user' | sort
`

/** Lines that stand in only one of two listings. */
export const difference = (
  before: string,
  after: string,
): { readonly gone: readonly string[]; readonly came: readonly string[] } => {
  const [a, b] = [new Set(before.split("\n")), new Set(after.split("\n"))]
  return { gone: [...a].filter((line) => !b.has(line)), came: [...b].filter((line) => !a.has(line)) }
}
