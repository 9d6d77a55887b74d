import { keep, kept } from './storage'

const NAME = 'news-seen'
const MOST = 20

/** Which articles were opened on this phone, the last ones. */
export const newsSeen = (): string[] => kept<string[]>(NAME) ?? []

/** Notes that an article was opened here. */
export function noteNews(articleId: string): void {
  const seen = newsSeen()
  if (seen[0] !== articleId) keep(NAME, [articleId, ...seen.filter((id) => id !== articleId)].slice(0, MOST))
}
