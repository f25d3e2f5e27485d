#!/bin/sh
# Runs a script under the project's own Node, after making sure of everything that it needs:
#
#     sh scripts/with-node.sh scripts/demo.ts --json
#
# Debian packages that it needs stand in the script, in a line `// debian: haproxy mmdebstrap`; FIRECLAY_DEBIAN may
# name more. Standard output is the script's alone.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
command -v node >/dev/null || { echo "setup: node is not installed on this machine; Node 18 or later is needed to begin with" >&2; exit 1; }
node scripts/setup.mjs --for "$1" --debian "${FIRECLAY_DEBIAN-}" >&2
exec node_modules/.bin/node --conditions=fireclay-source "$@"
