import { run } from "../../src/system/process.ts"

/** Everything that machines, routers and engines could leave behind on this computer. */
export const traces = async (): Promise<readonly string[]> => {
  const listings = await Promise.all(
    [
      ["sh", "-c", "ip -o link | cut -d: -f2"],
      ["sh", "-c", "ip netns list | cut -d' ' -f1"],
      ["sh", "-c", "cut -d' ' -f2,3 /proc/mounts"],
      [
        "sh",
        "-c",
        "ps -eo stat=,args= | grep -E 'systemd-nspawn|haproxy|/usr/bin/python3 /srv' | grep -vE '^Z|grep|vitest|demo|with-node|test.ts' | cut -c1-100",
      ],
      [
        "sh",
        "-c",
        "ls -d /var/lib/fireclay-local /var/lib/fireclay-local/* /run/fireclay /run/fireclay/* /tmp/fireclay-demo-* /var/lib/fireclay /var/cache/fireclay /run/netns /run/systemd/nspawn /run/systemd/nspawn/* /run/systemd/nspawn/locks/* 2>/dev/null",
      ],
      ["sh", "-c", "iptables-save | grep -v '^#' | sed 's/\\[.*//'"],
    ].map((argv) => run(argv)),
  )
  return listings.flatMap(({ stdout }) => stdout.toString().split("\n")).filter((line) => line !== "")
}
