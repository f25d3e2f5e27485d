// A process of its own that appends: DIRECTORY NAME COUNT.
import { sqliteStore } from "../../src/stores/sqlite.ts"

const [directory = "", name = "", count = "0"] = process.argv.slice(2)
const store = sqliteStore({ directory })
for (let index = 0; index < Number(count); index++)
  await store.append([
    { fleet: name, kind: "first", body: { index } },
    { fleet: name, kind: "second", body: { index } },
  ])
await store.close()
