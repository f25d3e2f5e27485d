import type { ProcessWant } from "../contract/index.ts"

export interface SuperviseOptions {
  /** Whether it starts the program again a second after it ended; else it ends too. */
  readonly again: boolean
  /** A file that it waits for before the program's first start. */
  readonly gate?: string
  /** Files for root only, which it writes before the program starts. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

/**
 * The command that runs a program as systemd would run its unit, for where there is no systemd: as its user, without new
 * privileges, in an environment of its own. It has to be started as root. Needs util-linux, which every Debian has.
 */
export const superviseArgv = (process: ProcessWant, options: SuperviseOptions): readonly string[] => {
  const { command, user = "", directory = "/", environmentFiles = [] } = process
  const files = [...(options.files ?? [])].flatMap(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")])
  return [
    ...["/usr/bin/env", "-i"],
    ...Object.entries(environmentOf(process)).map(([name, value]) => `${name}=${value}`),
    ...["/bin/sh", "-c", supervise, "fireclay", options.again ? "again" : "", options.gate ?? "", user, directory],
    ...[String(files.length / 2), ...files],
    ...[String(environmentFiles.length), ...environmentFiles],
    ...command,
  ]
}

/** What systemd gives a unit, but for what the account says of itself. */
const environmentOf = ({ user, environment }: ProcessWant): { readonly [name: string]: string } => ({
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
  ...(user === undefined ? {} : { USER: user, LOGNAME: user }),
  ...environment,
})

// Its own variables begin with fc_, so that none of them is one of the program's. An environment file's values are quoted
// so that they mean the same to a shell and to systemd. Who asks it to end by SIGTERM may send a SIGHUP too, as nspawn's init
// does: that is to be no end before the program's.
const supervise = `
fc_again=$1 fc_gate=$2 fc_user=$3 fc_directory=$4 fc_files=$5; shift 5
while [ "$fc_files" -gt 0 ]; do
  (umask 077; mkdir -p "$(dirname "$1")" && printf %s "$2" | base64 -d >"$1")
  shift 2; fc_files=$((fc_files - 1))
done
[ -z "$fc_gate" ] || until [ -e "$fc_gate" ]; do sleep 0.01; done
fc_left=$1; shift
while [ "$fc_left" -gt 0 ]; do
  [ ! -r "$1" ] || { set -a; . "$1"; set +a; }
  shift; fc_left=$((fc_left - 1))
done
if [ -n "$fc_user" ]; then
  fc_account=$(getent passwd "$fc_user") || { echo "there is no user $fc_user" >&2; exit 1; }
  fc_home=\${fc_account%:*}; fc_home=\${fc_home##*:}
  [ -n "\${HOME+x}" ] || export HOME="$fc_home"
  [ -n "\${SHELL+x}" ] || export SHELL="\${fc_account##*:}"
  set -- --reuid="$fc_user" --regid="$(id -g "$fc_user")" --init-groups --inh-caps=-all --no-new-privs -- "$@"
else
  set -- --no-new-privs -- "$@"
fi
[ -n "$fc_again" ] || { cd "$fc_directory" && exec setpriv "$@"; exit 1; }
fc_stop= fc_child=
trap 'fc_stop=1; [ -z "$fc_child" ] || kill -TERM "$fc_child" 2>/dev/null' TERM INT
trap : HUP
while [ -z "$fc_stop" ]; do
  (trap - TERM INT HUP; cd "$fc_directory" && exec setpriv "$@") </dev/null &
  fc_child=$!
  while kill -0 "$fc_child" 2>/dev/null; do wait "$fc_child"; done
  [ -n "$fc_stop" ] || { sleep 1 & fc_child=$!; wait "$fc_child"; }
  fc_child=
done
exit 0
`.trim()
