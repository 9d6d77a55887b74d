import { View } from '@tarojs/components'
import { useEffect, useState } from 'react'
import { useGrowing } from '../../lib/growing'
import type { Mall } from '../../lib/mall'
import { go } from '../../lib/nav'
import { nearestOf } from '../../lib/reward'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Later } from '../../ui/later'
import { RewardTile } from '../../ui/reward-tile'
import { Empty } from '../../ui/states'
import { KINDS, type Kind, SHOWS_FRONT } from './kinds'
import { Nearest } from './nearest'

const STEP = 4
const MOST = 24
const NEAREST = 3

/** The rewards in two columns, by kind. Tiles stay where they are and only hide: WeChat is handed a class, not a list. */
export function Shelf({ mall, heroId }: { mall: Mall; heroId: string | undefined }) {
  const { rewards, points } = mall
  const member = points !== null
  const reachable = rewards.some(({ rewardId, refusal }) => rewardId !== heroId && refusal === null)
  const [chosen, setChosen] = useState<Kind | null>(null)
  const kind = chosen ?? (member && reachable ? 'affordable' : 'all')
  const look = KINDS.find((one) => one.kind === kind)
  // what stands in front is not said twice, unless somebody asks for its kind
  const fitting = rewards.filter((one) => look?.fits(one) && (one.rewardId !== heroId || SHOWS_FRONT.includes(kind)))
  const { shown, more } = useGrowing(rewards, STEP, MOST)
  const nearest =
    kind === 'affordable'
      ? nearestOf(
          rewards.filter(({ rewardId }) => rewardId !== heroId),
          NEAREST,
        )
      : []
  const beyond = shown.length >= MOST && fitting.length > 0 && !shown.some((one) => fitting.includes(one))
  useEffect(() => {
    if (beyond) more?.()
  }, [beyond, more])
  return (
    <View>
      <View className="hy-chips ml-chips">
        {KINDS.filter(({ own }) => member || !own).map((one) => (
          <Chip key={one.kind} on={one.kind === kind} onTap={() => setChosen(one.kind)}>
            {one.name}
          </Chip>
        ))}
      </View>
      <View className="hy-tiles">
        {shown.map((one) => (
          <RewardTile key={one.rewardId} reward={one} hidden={!fitting.includes(one)} />
        ))}
      </View>
      {/* alone in its View: what comes and goes below does not hand over the tiles again */}
      <View>
        {fitting.length === 0 && nearest.length === 0 && look && (
          <Empty
            title={look.title}
            sub={look.sub}
            {...(kind === 'all' ? {} : { action: '看全部', onAction: () => setChosen('all') })}
          />
        )}
        {nearest.length > 0 && (
          <Later>
            <Nearest rewards={nearest} points={points ?? 0} title={fitting.length > 0 ? '再攒一点' : '离得最近的'} />
          </Later>
        )}
        {more ? (
          <View className="hy-dock">
            <Button kind="ghost" block small onTap={more}>
              更多
            </Button>
          </View>
        ) : (
          mall.more && (
            <View className="hy-dock">
              <Button kind="ghost" block small onTap={() => go('/pages/mall/search')}>
                还有很多，搜一搜
              </Button>
            </View>
          )
        )}
      </View>
    </View>
  )
}
