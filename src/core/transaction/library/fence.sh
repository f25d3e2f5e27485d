# Fencing: a controller that was taken for dead, and wakes, changes nothing any more. Also sent on its own.
#
#   fence/KEY    of each store and fleet that leads here: the highest token seen, and who had it

# fence KEY TOKEN WHO: remembers a new highest token. 1, and says who came since: a higher one has been here.
fence() (
  [ -n "$1" ] || exit 0
  { [ -d "$FC/fence" ] || mkdir -p -- "$FC/fence"; } && exec 8>>"$FC/fence.lock" && flock 8 || exit 2
  read_fence "$1"
  if [ "$2" -lt "$seen" ]; then printf '%s\n' "$since"; exit 1; fi
  [ "$2" -gt "$seen" ] || exit 0
  f=$FC/fence/$1
  printf '%s\n%s\n' "$2" "$3" >"$f.new" && { sync -- "$f.new" 2>/dev/null || sync; } && mv -f -- "$f.new" "$f" &&
    { sync -- "$FC/fence" 2>/dev/null || sync; } || exit 2
)

read_fence() {
  seen=0 since=
  { read -r seen; read -r since; } 2>/dev/null <"$FC/fence/$1" || :
  seen=${seen:-0}
}
