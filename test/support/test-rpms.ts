import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { RootMachine } from "./root-machine.ts"
import { lines, type Packager, source, type TestPackage } from "./test-packages.ts"

/** Makes dnf the package manager of a root that has both: it keeps rpm's database of its own, with nothing in it. */
export const onlyDnf = async ({ tell }: RootMachine): Promise<void> => {
  await tell(`
    rm -f /usr/bin/apt-get /usr/bin/apt /usr/bin/dpkg /usr/bin/dpkg-query
    mkdir -p /etc/yum.repos.d ${source} && rm -f /etc/yum.repos.d/*
    printf '[test]\\nname=test\\nbaseurl=file://${source}\\ngpgcheck=0\\nmetadata_expire=1\\n' >/etc/yum.repos.d/test.repo
    mkdir -p /etc/dnf/vars && echo 1 >/etc/dnf/vars/releasever && rpm --initdb`)
}

export const dnfPackager = ({ root, tell }: RootMachine): Packager => ({
  offer: async (packages) => {
    await rm(join(root, source), { recursive: true, force: true })
    await mkdir(join(root, source), { recursive: true })
    const specs = [shell, ...packages].map((each, index) => [`${index}.spec`, specOf(each)] as const)
    await mkdir(join(root, "srv", "specs"), { recursive: true })
    for (const [name, text] of specs) await writeFile(join(root, "srv", "specs", name), text)
    await tell(buildRpms)
  },
  install: async (...words) =>
    void (await tell(`dnf -q -y install ${words.map((word) => word.replace("=", "-")).join(" ")} 2>&1`)),
  hold: async (name) => void (await tell(`printf '[main]\\nexcludepkgs=${name}\\n' >/etc/dnf/dnf.conf`)),
  markAutomatic: async (name) => void (await tell(`dnf -q mark remove ${name} 2>&1`)),
  installed: async () => lines(await tell("rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' | sed -n '/^t-/p'")),
  automatic: async () =>
    lines(
      await tell("dnf -q -C repoquery --installed --qf '%{name} %{reason}' | sed -n 's/^\\(t-.*\\) dependency$/\\1/p'"),
    ),
})

/** Scripts need a shell, and no rpm brings the one that is there. */
const shell: TestPackage = { name: "base-shell", version: "1-1" }

const specOf = (each: TestPackage): string => {
  const [version, release] = each.version.split("-")
  const write = ([path, text]: readonly [string, string]): string =>
    `mkdir -p "%{buildroot}$(dirname ${path})" && cat >%{buildroot}${path} <<'fc-end'\n${text}fc-end`
  const last = (body: string): string => `if [ "$1" = 0 ]; then\n${body}\nfi`
  return [
    ...[`Name: ${each.name}`, `Version: ${version}`, `Release: ${release}`],
    ...["Summary: made by a test", "License: none", "BuildArch: noarch", "AutoReqProv: no"],
    ...(each === shell ? ["Provides: /bin/sh"] : []),
    ...(each.needs ?? []).map((need) => `Requires: ${need.replaceAll(/[()]/g, "")}`),
    ...(each.insteadOf === undefined ? [] : [`Conflicts: ${each.insteadOf}`]),
    ...["%description", "made by a test", "%install", "mkdir -p %{buildroot}"],
    ...Object.entries({ ...each.files, ...each.configs }).map(write),
    ...(each.after === undefined ? [] : ["%post", each.after]),
    ...(each.before === undefined ? [] : ["%preun", last(each.before)]),
    ...(each.gone === undefined ? [] : ["%postun", last(each.gone)]),
    "%files",
    ...Object.keys(each.files ?? {}),
    ...Object.keys(each.configs ?? {}).map((path) => `%config(noreplace) ${path}`),
    "",
  ].join("\n")
}

const buildRpms = `
cd /srv/specs && for spec in *.spec; do rpmbuild --quiet --define '_topdir /tmp/rpm' --define '_rpmdir ${source}' --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.rpm' -bb "$spec" 2>&1 || exit 1; done
rm -rf /srv/specs /tmp/rpm
createrepo_c -q ${source} && dnf -q --refresh makecache
rpm -q base-shell >/dev/null || dnf -q -y install base-shell 2>&1`
