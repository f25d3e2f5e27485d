import { memoryStore } from "../../src/stores/index.ts"
import { storeSuite } from "../../src/testing/store-suite.ts"

storeSuite("memory", async () => {
  const store = memoryStore()
  return { open: () => store, dispose: async () => undefined }
})
