import { useRef } from 'react'
import { api, type Trouble } from '../../lib/api'
import { queryClient, useCommand } from '../../lib/query'
import type { Reward } from '../../lib/reward'

interface Shelf {
  rewards: Reward[]
}

/** Shows the heart so wherever the reward is on the phone. */
const mark = (rewardId: string, favourite: boolean) =>
  queryClient.setQueriesData<Shelf>(
    { queryKey: ['mall'] },
    (shelf) =>
      shelf && {
        ...shelf,
        rewards: shelf.rewards.map((one) => (one.rewardId === rewardId ? { ...one, favourite } : one)),
      },
  )

/** The heart of a reward: it turns at once, the last wish of several counts, and a fault turns it back. */
export function useFavour({ rewardId, favourite }: Reward): {
  flip: () => Promise<void>
  fault: Trouble | null
} {
  const favour = useCommand((wish: { rewardId: string; on: boolean }, requestId) =>
    api.mall.favour.mutate({ ...wish, requestId }),
  )
  const wished = useRef(favourite)
  const sending = useRef(false)
  const flip = async () => {
    const on = !favourite
    wished.current = on
    // an older answer on its way would turn it back
    void queryClient.cancelQueries({ queryKey: ['mall'] })
    mark(rewardId, on)
    if (sending.current) return
    sending.current = true
    let known = !on
    while (known !== wished.current) {
      const told = await favour.run({ rewardId, on: wished.current })
      if (!told) break
      known = told.favourite
    }
    sending.current = false
    mark(rewardId, known)
  }
  return { flip, fault: favour.fault }
}
