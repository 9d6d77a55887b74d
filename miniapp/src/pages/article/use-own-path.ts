import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { noteArticle } from '../../lib/arrival'
import { useSession } from '../../lib/session'

/**
 * Tells the server that a member reads this, by `link` or without, and learns the member's own way to pass it on. A guest's phone
 * remembers what the link led to until there is a member.
 */
export function useOwnPath(articleId: string, link: string | undefined): string | null {
  const { state } = useSession()
  const [path, setPath] = useState<string | null>(null)
  useEffect(() => {
    let here = true
    if (articleId && link) noteArticle(link, articleId)
    setPath(null)
    if (state === 'member' && articleId)
      api.article.read.mutate({ articleId, ...(link ? { link } : {}) }).then(
        ({ sharePath }) => here && setPath(sharePath),
        // the page says itself what went wrong; what is passed on then leads to the article all the same
        () => {},
      )
    return () => {
      here = false
    }
  }, [articleId, link, state])
  return path
}
