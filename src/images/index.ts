export { dockerArchive, writeDockerArchive } from "./docker-archive.ts"
