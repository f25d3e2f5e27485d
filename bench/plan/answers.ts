/** Throws unless the output of `floor.sh` holds 100 answers, one for each resource, and the digests of the files. */
export const assertSameQuestions = (output: string): undefined => {
  const count = (pattern: RegExp): number => output.match(pattern)?.length ?? 0
  const counted = {
    paths: count(/^path /gm),
    digests: count(/^[0-9a-f]{64} {2}\/srv\/bench\//gm),
    users: count(/^bench\d:[^:]*:\d+:\d+:/gm),
    units: count(/^Id=.*\nLoadState=loaded$/gm),
    commands: count(/^command \d 0$/gm),
  }
  const expected = { paths: 85, digests: 70, users: 5, units: 5, commands: 5 }
  if (JSON.stringify(counted) !== JSON.stringify(expected))
    throw new Error(`the script gave ${JSON.stringify(counted)} answers, not ${JSON.stringify(expected)}`)
}
