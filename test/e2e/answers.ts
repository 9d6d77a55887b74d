import type { Screen } from './web-house'

type Answer = Record<string, unknown>

/** What becomes of an answer on its way to the phone; of a refusal nothing is known. */
export type Change = (answer: Answer) => Answer

/**
 * Changes some answers of the server, for states that a house comes to in days rather than in a moment; what stands in
 * `instead` the server is never asked.
 */
export const answering =
  (changes: Record<string, Change>, instead: Record<string, Answer> = {}) =>
  async (screen: Screen) => {
    await screen.page.route('**/trpc/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      const paths = pathname.slice('/trpc/'.length).split(',')
      if (paths.every((path) => path in instead))
        return route.fulfill({ json: paths.map((path) => ({ result: { data: instead[path] } })) })
      if (!paths.some((path) => path in changes)) return route.fallback()
      const response = await route.fetch()
      const answers = (await response.json()) as { result?: { data: Answer } }[]
      const json = answers.map((answer, index) => {
        const change = changes[paths[index] ?? '']
        return change ? { result: { data: change(answer.result?.data ?? {}) } } : answer
      })
      return route.fulfill({ status: 200, json })
    })
  }

/** Changes some entries of a list in an answer. */
export const among =
  (list: string, change: (entry: Answer, index: number) => Answer): Change =>
  (answer) => ({ ...answer, [list]: (answer[list] as Answer[]).map(change) })
