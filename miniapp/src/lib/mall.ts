import { api } from './api'
import { type Read, useRead } from './query'
import type { Reward } from './reward'
import { useSession } from './session'

/** The mall as one sees it; a guest has no points and looks through the window. */
export interface Mall {
  points: number | null
  debtPoints: number
  rewards: Reward[]
  /** There is more than fits the shelf; a search finds it. */
  more: boolean
}

const readWindow = async (): Promise<Mall> => ({ points: null, debtPoints: 0, ...(await api.mall.window.query()) })

export function useMall(): Read<Mall> {
  const { state } = useSession()
  const member = state === 'member'
  return useRead<Mall>(['mall', member ? 'list' : 'window'], member ? () => api.mall.list.query() : readWindow, {
    keepAs: member ? 'mall' : 'mall-window',
    enabled: state !== 'starting',
  })
}

/** A mall with this one reward alone, for what the shelf does not hold; without an id nothing is asked. */
export function useMallOf(rewardId: string): Read<Mall> {
  const { state } = useSession()
  const member = state === 'member'
  return useRead<Mall>(
    ['mall', member ? 'reward' : 'reward-window', rewardId],
    async () => {
      const { reward, ...purse } = await (member ? api.mall.reward : api.mall.rewardWindow).query({ rewardId })
      return { points: null, debtPoints: 0, ...purse, rewards: [reward], more: false }
    },
    { enabled: state !== 'starting' && rewardId !== '' },
  )
}

/** What the words find on the shelf and beyond it, up to thirty; without words nothing is asked. */
export function useFound(text: string): Read<{ rewards: Reward[] }> {
  const { state } = useSession()
  const member = state === 'member'
  return useRead(
    ['mall', member ? 'search' : 'search-window', text],
    () => (member ? api.mall.search.query({ text }) : api.mall.searchWindow.query({ text })),
    { enabled: state !== 'starting' && text !== '' },
  )
}
