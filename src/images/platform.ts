const others: ReadonlyMap<string, string> = new Map([
  ["x64", "amd64"],
  ["ia32", "386"],
])

/** What a processor is called in images, by its name in Node. */
export const ociArchitecture = (architecture: string): string => others.get(architecture) ?? architecture
