import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { faultText } from '../../lib/fault-text'
import type { Mall } from '../../lib/mall'
import { go, toTab } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { type Redemption, type Reward, tierName } from '../../lib/reward'
import { useSession } from '../../lib/session'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { Confirm } from './confirm'
import { Exchanged } from './exchanged'

type Done = { redemption: Redemption; pointsAfter: number }

/** The way to have it, always in reach: for a guest by joining, for a member by points, or the reason why not. */
export function Exchange({ mall, reward, onJoin }: { mall: Mall; reward: Reward; onJoin: () => void }) {
  const { state } = useSession()
  const [asking, setAsking] = useState(false)
  const [done, setDone] = useState<Done | null>(null)
  const exchange = useCommand((wish: { rewardId: string; points: number }, requestId) =>
    api.mall.exchange.mutate({ ...wish, requestId }),
  )
  const submit = async () => {
    const given = await exchange.run({ rewardId: reward.rewardId, points: reward.points })
    if (given) setDone(given)
    await refresh(...(given ? ['mall', 'home', 'redemptions', 'coupons', 'statement', 'lots', 'rights'] : ['mall']))
  }
  const close = () => {
    setAsking(false)
    setDone(null)
    exchange.clear()
  }
  return (
    <View>
      <View className="hy-reach">
        <View className="hy-reach__in">
          {mall.points !== null ? (
            <ByPoints reward={reward} onTap={() => setAsking(true)} />
          ) : state === 'signed_out' ? (
            <Button id="sign-in" block onTap={() => toTab('home')}>
              登录后兑换
            </Button>
          ) : (
            <Button id="join-open" block onTap={onJoin}>
              入会就能攒积分来换
            </Button>
          )}
        </View>
      </View>
      <Sheet open={asking} onClose={close} title={done ? '换好了' : '确认兑换'}>
        {done ? (
          <Exchanged done={done} onClose={close} />
        ) : (
          <Confirm
            reward={reward}
            points={mall.points ?? 0}
            busy={exchange.busy}
            fault={exchange.fault}
            onSubmit={() => void submit()}
            onClose={close}
          />
        )}
      </Sheet>
    </View>
  )
}

function ByPoints({ reward, onTap }: { reward: Reward; onTap: () => void }) {
  const { refusal, points } = reward
  if (!refusal)
    return (
      <Button id="exchange" block onTap={onTap}>
        {`用 ${countText(points)} 积分兑换`}
      </Button>
    )
  const { way, words } = wayOf(reward)
  return (
    <View>
      <Button id="exchange" block disabled>
        {faultText(refusal).title}
      </Button>
      {words && (
        <View className="hy-row hy-middle hy-wrap">
          {way ? (
            <Button id="exchange-way" kind="ghost" small onTap={way}>
              {words}
            </Button>
          ) : (
            <View className="hy-caption hy-2 hy-mt2">{words}</View>
          )}
        </View>
      )}
    </View>
  )
}

/** What can be done about a refusal. */
function wayOf({ refusal, early }: Reward): { way?: () => void; words?: string } {
  switch (refusal?.code) {
    case 'POINTS_SHORT':
      return { way: () => toTab('code'), words: '到店出示会员码，边喝边攒' }
    case 'IN_DEBT':
      return { way: () => go('/pages/ledger/statement'), words: '看积分明细' }
    case 'TIER_NEEDED':
      return { way: () => go('/pages/tier/tier'), words: '看看怎么升级' }
    case 'REWARD_LIMIT':
      return { way: () => go('/pages/mall/redemptions'), words: '看我的兑换' }
    case 'RIGHT_USED_UP':
      return { way: () => go('/pages/right/rights'), words: '看我的权益' }
    case 'REWARD_GONE':
    case 'REWARD_OVER':
      return { way: () => toTab('mall'), words: '看看别的' }
    case 'REWARD_NOT_OPEN':
      return early?.state === 'locked' && early.unlockTier !== null
        ? { way: () => go('/pages/tier/tier'), words: `升到${tierName(early.unlockTier)}早一步换` }
        : { words: faultText(refusal).detail ?? '' }
    default:
      return {}
  }
}
