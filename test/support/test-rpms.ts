import { createHash } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
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
  failing: { first: "exit 1" },
  offer: async (packages) => {
    const specs = [shell, ...packages].map((each) => {
      const text = specOf(each)
      return [createHash("sha256").update(text).digest("hex"), text] as const
    })
    await mkdir(join(root, built), { recursive: true })
    for (const [name, text] of specs) await writeFile(join(root, built, `${name}.spec`), text)
    await tell(offerRpms(specs.map(([name]) => name)))
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
    ...(each.first === undefined ? [] : ["%pre", each.first]),
    ...(each.after === undefined ? [] : ["%post", each.after]),
    ...(each.before === undefined ? [] : ["%preun", last(each.before)]),
    ...(each.gone === undefined ? [] : ["%postun", last(each.gone)]),
    "%files",
    ...Object.keys(each.files ?? {}),
    ...Object.keys(each.configs ?? {}).map((path) => `%config(noreplace) ${path}`),
    "",
  ].join("\n")
}

/** Where rpms are kept that were built once, each in a directory by its description. */
const built = "/srv/built"

const offerRpms = (names: readonly string[]): string => `
rm -rf ${source} && mkdir -p ${source} && cd ${built} || exit 1
for name in ${names.join(" ")}; do
  [ -d "$name" ] || rpmbuild --quiet --define '_topdir /tmp/rpm' --define "_rpmdir ${built}/$name" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.rpm' -bb "$name.spec" 2>&1 || exit 1
  cp -- "$name"/*.rpm ${source}/
done
createrepo_c -q ${source} && dnf -q --refresh makecache
rpm -q base-shell >/dev/null || dnf -q -y install base-shell 2>&1`
