import type { ProcessWant } from "../contract/index.ts"

/**
 * The command that runs a program inside as systemd would run its unit, for where there is no systemd: as its user,
 * without new privileges, in an environment of its own, and again a second after it ended. It has to be started as root.
 *
 * @param gate a file that it waits for before the program's first start; absent: it does not wait
 */
export const superviseArgv = (process: ProcessWant, gate = ""): readonly string[] => [
  ...["/bin/sh", "-c", supervise, "fireclay", gate, process.user ?? "", process.directory ?? "/"],
  ...Object.entries(environmentOf(process)).map(([name, value]) => `${name}=${value}`),
  // `env` would take it for an assignment.
  ...(process.command[0]?.includes("=") ? ["/bin/sh", "-c", 'exec "$@"', "sh"] : []),
  ...process.command,
]

/** What systemd gives a unit, but for what the account says of itself. */
export const environmentOf = ({ user, environment }: ProcessWant): { readonly [name: string]: string } => ({
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
  ...(user === undefined ? {} : { USER: user, LOGNAME: user }),
  ...environment,
})

const supervise = `
gate=$1 user=$2 directory=$3; shift 3
stop= child=
trap 'stop=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
[ -z "$gate" ] || until [ -e "$gate" ]; do sleep 0.01; done
if [ -n "$user" ]; then
  home=$(getent passwd "$user" | cut -d: -f6) shell=$(getent passwd "$user" | cut -d: -f7)
  set -- --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all --no-new-privs -- env -i HOME="$home" SHELL="$shell" "$@"
else
  set -- --no-new-privs -- env -i "$@"
fi
while [ -z "$stop" ]; do
  (trap - TERM INT; cd "$directory" && exec setpriv "$@") </dev/null &
  child=$!
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  child=
  [ -n "$stop" ] || { sleep 1 & child=$!; wait "$child"; child=; }
done
exit 0
`.trim()
