import { api, type RouterOutputs } from '../../lib/api'
import { linkNow } from '../../lib/arrival'
import { useMall } from '../../lib/mall'
import { useRead } from '../../lib/query'

export type Preview = RouterOutputs['gift']['preview']

/** What waits for who joins, and what points are good for; neither is needed to come in, so a lost answer costs nothing. */
export function useGuestHome() {
  const link = linkNow()
  const preview = useRead(['gift-preview', link ?? ''], () => api.gift.preview.query(link ? { link } : {}))
  const mall = useMall()
  const reload = () => Promise.all([preview.reload(), mall.reload()])
  return { preview, rewards: mall.data?.rewards ?? [], reload }
}

export type Offer = ReturnType<typeof useGuestHome>
