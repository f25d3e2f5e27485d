# dnf and rpm.

dnf_do() {
  # shellcheck disable=SC2086 # options, or none
  dnf -y $dnf_options --setopt=install_weak_deps=False --setopt=keepcache=True "$@"
}
dnf_options=
# NAME=VERSION, as everywhere here, is NAME-VERSION there.
dnf_words() { for word in "$@"; do case $word in *=*) printf '%s-%s ' "${word%%=*}" "${word#*=}" ;; *) printf '%s ' "$word" ;; esac; done; }

dnf_ready() { ls /var/cache/dnf/*/repodata/repomd.xml >/dev/null 2>&1; }
dnf_refresh() { dnf_do --refresh makecache; }
dnf_installed() { rpm -qa --qf '%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' | grep -v '^gpg-pubkey ' | sort; }
# What the configuration excludes, and what the plug-in `versionlock` has written down.
dnf_held() {
  dnf_installed | cut -d' ' -f1 | while read -r name; do
    for pattern in $(sed -n 's/^ *exclude\(pkgs\)\{0,1\} *= *//p' /etc/dnf/dnf.conf | tr , ' ') \
      $(sed -n 's/^\([^#! ][^ ]*\)$/\1/p' /etc/dnf/plugins/versionlock.list 2>/dev/null | sed -E -e 's/^(.*)-[0-9]+:[^-]*-[^-]*$/\1/'); do
      # shellcheck disable=SC2254 # a pattern
      case $name in $pattern) echo "$name"; break ;; esac
    done
  done | sort -u
}
dnf_automatic() { dnf -q -C repoquery --installed --qf '%{name} %{reason}' 2>/dev/null | sed -n -E 's/^([^ ]+) (dependency|weak-dependency)$/\1/p' | sort -u; }

dnf_locks() {
  echo /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock /var/lib/dnf/rpmdb_lock.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid
}
dnf_state() { printf '%s\n' /etc /var/lib/dnf /var/lib/alternatives; }

dnf_simulate() {
  how=$1
  shift
  case $how in
    install) set -- --disableexcludes=all --allowerasing install $(dnf_words "$@") ;;
    remove) set -- --disableexcludes=all --noautoremove remove "$@" ;;
    clean) set -- --disableexcludes=all remove "$@" ;;
  esac
  # Told to answer no, dnf ends with 1 whatever it would have done.
  said=$(dnf_do --assumeno "$@" 2>&1)
  case $said in
    *"Operation aborted"*) ;;
    *"Nothing to do"* | '') return 0 ;;
    *) printf '%s\n' "$said"; return 1 ;;
  esac
  dnf_installed >"$B/dnf-installed"
  # A long name stands on a line of its own.
  printf '%s\n' "$said" | sed -E -e ':a' -e '/^ [^ ]+$/{N;s/\n */ /;ba' -e '}' | dnf_table
}
dnf_table() {
  sign=
  while IFS= read -r line; do
    case $line in
      Installing* | Upgrading* | Downgrading*) sign=+ ;;
      Removing*) sign=- ;;
      Reinstalling* | "Transaction Summary"*) sign= ;;
      " replacing "*) set -- $line; name=${2%.*}; printf -- '- %s %s\n' "$(dnf_bare "$2")" "$(dnf_version "$(dnf_bare "$2")")" ;;
      " "*)
        # shellcheck disable=SC2086
        set -- $line
        was=$(dnf_version "$1")
        case $sign$was in
          +) echo "+ $1 $3" ;;
          +*) echo "~ $1 $was $3" ;;
          -*) echo "- $1 $was" ;;
        esac
        ;;
    esac
  done
}
dnf_version() { sed -n "s/^$1 //p" "$B/dnf-installed" | tail -n 1; }
# NAME-VERSION-RELEASE.ARCH, the name only.
dnf_bare() { printf '%s' "$1" | sed -E 's/-[^-]*-[^-]*$//'; }

dnf_get_ready() { dnf_do --allowerasing --downloadonly install $(dnf_words "$@"); }
dnf_install() { dnf_do --allowerasing install $(dnf_words "$@"); }
dnf_mark_as_before() { :; }
dnf_remove() { rpm -e "$@"; }

dnf_secure() {
  while read -r name version; do printf '%s-%s\n' "$name" "$version"; done >"$1.wanted"
  # shellcheck disable=SC2046
  dnf_do --disableexcludes=all --downloadonly --downloaddir="$1" reinstall $(cat "$1.wanted") && [ "$(ls "$1"/*.rpm | wc -l)" -ge "$(wc -l <"$1.wanted")" ]
}

dnf_stash() { :; }
dnf_keep() { dnf_directories >"$B/directories"; }
dnf_directories() { find /usr /opt -xdev -type d | sort; }
dnf_put_back() {
  rm -f -- /var/lib/rpm/.rpm.lock
  dnf_installed | cut -d' ' -f1 >"$B/names-now"
  cut -d' ' -f1 "$B/packages" | comm -13 - "$B/names-now" | xargs -r rpm -ql >"$B/new-paths"
  cut -d' ' -f1 "$B/packages" | comm -13 - "$B/names-now" | xargs -r rpm -e --nodeps || {
    # A package whose own scripts do not let it go, goes without them.
    dnf_installed | cut -d' ' -f1 >"$B/names-now"
    cut -d' ' -f1 "$B/packages" | comm -13 - "$B/names-now" | xargs -r rpm -e --nodeps --noscripts
  }
  if ls "$B"/old/*.rpm >/dev/null 2>&1; then rpm -U --oldpackage --replacepkgs --replacefiles --nodeps "$B"/old/*.rpm; fi
  # Directories that rpm made because a file needed them are nobody's, so it leaves them.
  dnf_directories | comm -13 "$B/directories" - | sort -r | while IFS= read -r path; do
    if grep -qF -- "$path/" "$B/new-paths"; then rmdir -- "$path" 2>/dev/null; fi
  done
}

dnf_settle() { :; }

dnf_units() { [ $# -eq 0 ] || rpm -ql "$@" 2>/dev/null | sed -n 's,.*/systemd/system/\([^/]*\.\(service\|socket\|timer\)\)$,\1,p'; }
