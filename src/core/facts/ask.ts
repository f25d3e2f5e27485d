/** Fields that {@link askFacts} prints. */
export const factFields = 12

/** The first line of a file, read by the shell itself: a process less. */
const lineOf = (path: string): string => `fc_v=; [ ! -r ${path} ] || IFS= read -r fc_v <${path}; printf '%s\\0' "$fc_v"`

/**
 * A script that prints what a machine says of itself, as fields that end in NUL. Files of the kernel rather than programs,
 * and none that may grow long or ask the network: four processes, some milliseconds.
 */
export const askFacts = [
  "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; printf '\\0'",
  lineOf("/proc/sys/kernel/hostname"),
  lineOf("/proc/sys/kernel/osrelease"),
  `if [ -r /proc/sys/kernel/arch ]; then IFS= read -r fc_v </proc/sys/kernel/arch; printf '%s\\0' "$fc_v"; else uname -m; printf '\\0'; fi`,
  lineOf("/proc/meminfo"),
  lineOf("/sys/devices/system/cpu/online"),
  "hostname -I 2>/dev/null; printf '\\0'",
  "head -n 50 /proc/net/route 2>/dev/null; printf '\\0'",
  `fc_v=; IFS= read -r fc_v </proc/sys/kernel/hostname; grep -w -m 1 -F -- "$fc_v" /etc/hosts 2>/dev/null; printf '\\0'`,
  `if [ -r /run/systemd/container ]; then IFS= read -r fc_v </run/systemd/container; elif [ -e /.dockerenv ]; then fc_v=docker; elif [ -e /run/.containerenv ]; then fc_v=podman; else fc_v=; fi; printf '%s\\0' "$fc_v"`,
  lineOf("/sys/class/dmi/id/sys_vendor"),
  lineOf("/sys/class/dmi/id/product_name"),
].join("\n")
