/** What is kept of extended attributes: file capabilities and what users set. Labels of this host are not. */
const attributeOptions = ["--xattrs", "--xattrs-include=security.capability", "--xattrs-include=user.*"] as const

/** Two archives of one content are the same bytes. */
export const archiveOptions = [
  "--format=posix",
  "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
  "--numeric-owner",
  ...attributeOptions,
  "--no-recursion",
  "--null",
  "--verbatim-files-from",
] as const
