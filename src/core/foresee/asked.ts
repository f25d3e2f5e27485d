/** Questions of one kind that were asked already, and their answers. */
export class Asked<Answer> {
  readonly #ask: (question: string) => Promise<Answer>
  readonly #open = new Set<string>()
  readonly answers = new Map<string, Answer>()

  constructor(ask: (question: string) => Promise<Answer>) {
    this.#ask = ask
  }

  /** Asks what was not asked yet, all at once. */
  async ask(questions: Iterable<string>): Promise<void> {
    const fresh = [...questions].filter((question) => !this.#open.has(question))
    const put = async (question: string): Promise<void> => {
      this.#open.add(question)
      this.answers.set(question, await this.#ask(question))
    }
    await Promise.all([...new Set(fresh)].map(put))
  }

  /** Questions that were answered with yes. */
  yes(): ReadonlySet<string> {
    return new Set([...this.answers].flatMap(([question, answer]) => (answer ? [question] : [])))
  }
}
