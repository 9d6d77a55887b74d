import { View } from '@tarojs/components'
import { useState } from 'react'
import { useGrowing } from '../../lib/growing'
import type { Reward } from '../../lib/mall'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Empty } from '../../ui/states'
import { Tile } from './tile'

type Kind = 'affordable' | 'all' | 'tier' | 'limited' | 'coupon'

const KINDS: { kind: Kind; name: string; sub: string }[] = [
  { kind: 'affordable', name: '换得起', sub: '再攒一点就有了，先看看全部' },
  { kind: 'all', name: '全部', sub: '下次来看看' },
  { kind: 'tier', name: '会员专享', sub: '现在没有专享的商品' },
  { kind: 'limited', name: '限量', sub: '现在没有限量的商品' },
  { kind: 'coupon', name: '券', sub: '现在没有可以换的券' },
]

const FITS: Record<Kind, (reward: Reward) => boolean> = {
  affordable: ({ refusal }) => refusal === null,
  all: () => true,
  tier: ({ tierGate, earlyTier }) => tierGate > 1 || earlyTier !== null,
  limited: ({ stockTotal }) => stockTotal !== null,
  coupon: ({ kind }) => kind === 'coupon',
}

const STEP = 4
const MOST = 24

/** The rewards in two columns, by kind. Tiles stay where they are and only hide: WeChat is handed a class, not a list. */
export function Shelf({ rewards, heroId, member }: { rewards: Reward[]; heroId: string | undefined; member: boolean }) {
  const kinds = member ? KINDS : KINDS.slice(1)
  const reachable = rewards.some((one) => one.rewardId !== heroId && FITS.affordable(one))
  const [chosen, setChosen] = useState<Kind | null>(null)
  const kind = chosen ?? (member && reachable ? 'affordable' : 'all')
  // what stands in front is not said twice, unless somebody asks for its kind
  const fits = (one: Reward) => FITS[kind](one) && (one.rewardId !== heroId || kind === 'limited' || kind === 'tier')
  const { shown, more } = useGrowing(rewards, STEP, MOST)
  return (
    <View>
      <View className="hy-chips ml-chips">
        {kinds.map((one) => (
          <Chip key={one.kind} on={one.kind === kind} onTap={() => setChosen(one.kind)}>
            {one.name}
          </Chip>
        ))}
      </View>
      <View className="ml-tiles">
        {shown.map((one) => (
          <Tile key={one.rewardId} reward={one} hidden={!fits(one)} />
        ))}
      </View>
      {!rewards.some(fits) && (
        <Empty
          title="这里还空着"
          sub={KINDS.find((one) => one.kind === kind)?.sub ?? ''}
          {...(kind === 'all' ? {} : { action: '看全部', onAction: () => setChosen('all') })}
        />
      )}
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" block small onTap={more}>
            更多
          </Button>
        </View>
      )}
    </View>
  )
}
