import { FireclayError, type Step } from "../../contract/index.ts"
import type { FileSystem } from "../eyes/ground.ts"
import { home } from "../transaction/paths.ts"
import { type Check, groundOf, type Outlook } from "./outlook.ts"

/** What stays free beside what a transaction keeps of itself: its journal, its log, the machine's own. */
const reserveBytes = 8 * 1024 * 1024
const reserveInodes = 64
/** Directory, what was there, its attributes. */
const inodesOfStep = 5

interface Account {
  readonly path: string
  readonly fileSystem: FileSystem
  bytes: number
  inodes: number
}

/**
 * Room for all that is there at the same time: new content on its way and in its place, what it displaces, packages.
 * Found before the start, since a machine that is full can do nothing well, not even undo.
 */
export const checkSpace: Check = (outlook) => {
  const accounts = new Accounts(outlook)
  const blobs = new Map(
    outlook.steps.flatMap((step) =>
      step.do === "write-file" ? [[step.content.sha256, step.content.size] as const] : [],
    ),
  )
  accounts.add(home, reserveBytes, reserveInodes)
  for (const size of blobs.values()) accounts.add(home, size, 1)
  for (const step of outlook.steps) follow(accounts, outlook, step)
  for (const { path, bytes } of outlook.packageRoom) accounts.add(path, bytes, 0)
  return { errors: accounts.short().map((account) => noSpace(outlook, account)), notes: [] }
}

/** What is displaced is kept: under another name where it lies, if that is on the same file system, or as a copy. */
const follow = (accounts: Accounts, { states }: Outlook, step: Step): void => {
  accounts.add(home, 0, inodesOfStep)
  if (!("path" in step)) return
  const was = states.get(step.path)
  const isDisplaced = step.do === "write-file" || step.do === "remove-path"
  if (isDisplaced && was?.kind === "file" && !accounts.isSame(home, step.path)) accounts.add(home, was.size, 0)
  if (step.do === "write-file") accounts.add(step.path, step.content.size, 1)
  if (step.do === "make-directory" || step.do === "make-link") accounts.add(step.path, 4096, 1)
}

/** What each file system has to bear. Nothing is given back before the end. */
class Accounts {
  readonly #outlook: Outlook
  readonly #all = new Map<string, Account>()

  constructor(outlook: Outlook) {
    this.#outlook = outlook
  }

  add(path: string, bytes: number, inodes: number): void {
    const account = this.#of(path)
    if (account === undefined) return
    account.bytes += inBlocks(bytes, account.fileSystem)
    account.inodes += inodes
  }

  isSame(one: string, other: string): boolean {
    return this.#of(one) === this.#of(other)
  }

  short(): readonly Account[] {
    return [...this.#all.values()].filter(
      ({ fileSystem, bytes, inodes }) =>
        bytes > fileSystem.freeBytes || (fileSystem.freeInodes !== undefined && inodes > fileSystem.freeInodes),
    )
  }

  #of(path: string): Account | undefined {
    const ground = groundOf(this.#outlook, path)
    if (ground?.fileSystem === undefined) return undefined
    const known = this.#all.get(ground.fileSystem.id)
    if (known !== undefined) return known
    const account = { path: ground.path, fileSystem: ground.fileSystem, bytes: 0, inodes: 0 }
    this.#all.set(ground.fileSystem.id, account)
    return account
  }
}

const inBlocks = (bytes: number, { blockBytes }: FileSystem): number =>
  blockBytes === 0 ? bytes : Math.ceil(bytes / blockBytes) * blockBytes

const noSpace = (outlook: Outlook, { path, fileSystem, bytes, inodes }: Account): FireclayError => {
  const [needs, free] =
    bytes > fileSystem.freeBytes
      ? [megabytes(bytes), megabytes(fileSystem.freeBytes)]
      : [`${inodes} inodes`, `${fileSystem.freeInodes}`]
  return new FireclayError("FC_NO_SPACE", `the file system of ${path} needs ${needs} and has ${free} free`, {
    at: outlook.machine,
    remedy: `make room, then try again: du -xh ${path} | sort -h on the machine; fireclay's own is below ${home}`,
  })
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
