/** Where Fireclay keeps what it knows, on every machine. Root only. */
export const home = "/var/lib/fireclay"

export const transactionDirectory = (id: string): string => `${home}/txn/${id}`
