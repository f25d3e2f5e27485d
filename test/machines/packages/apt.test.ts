import { install, packageSuite } from "../../support/package-suite.ts"
import { openRootMachine } from "../../support/root-machine.ts"
import { aptPackager, type TestPackage } from "../../support/test-packages.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const

/** Changes what the system keeps beside packages, in every way that Debian's scripts have, and takes nothing back. */
const untidy: TestPackage = {
  name: "t-untidy",
  version: "1.0-1",
  files: { "/usr/share/t-untidy/file": "1\n" },
  after: `
    update-alternatives --install /usr/bin/t-untidy t-untidy /usr/share/t-untidy/file 10
    update-alternatives --install /usr/bin/pager pager /usr/share/t-untidy/file 1000
    dpkg-statoverride --update --add root root 0600 /usr/share/t-untidy/file
    dpkg-divert --package t-untidy --rename --divert /usr/bin/tac.t-untidy --add /usr/bin/tac
    dpkg-divert --local --rename --divert /usr/bin/nl.t-untidy --add /usr/bin/nl
    ucf /usr/share/t-untidy/file /etc/t-untidy.conf </dev/null
    echo '# untidy' >>/etc/nsswitch.conf; rm /etc/issue.net; chmod 700 /etc/skel; ln -sfn t-untidy /etc/mtab.t`,
}

packageSuite("apt", {
  open: () => openRootMachine(base),
  packager: aptPackager,
  more: {
    packages: [untidy],
    rows: [{ name: "one that leaves nothing as it was", steps: [install("t-untidy")], after: ["t-untidy 1.0-1"] }],
  },
})
