const { createServer } = require("node:http")

const server = createServer((_request, response) => {
  response.setHeader("Cache-Control", "no-store")
  response.end(`${process.env.GREETING} from Node ${process.versions.node}\n`)
})

server.listen(3000)
process.on("SIGTERM", () => server.close())
