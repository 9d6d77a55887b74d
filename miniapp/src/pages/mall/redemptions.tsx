import { View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { toTab } from '../../lib/nav'
import { usePages } from '../../lib/pages'
import type { Redemption } from '../../lib/reward'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, FaultNote, Skeleton, States } from '../../ui/states'
import { CancelSheet } from './cancel-sheet'
import './mall.css'
import './redemption.css'
import { PickUpSheet } from './pick-up-sheet'
import { RedemptionCard } from './redemption-card'

const STEP = 4
const MOST = 200

/** What was exchanged: what can be picked up and by which code, what is being prepared, and what is over. */
export default function Redemptions() {
  const { first, pages, hasMore, busy, fault, more } = usePages(
    ['redemptions'],
    (cursor) => api.mall.redemptions.query(cursor ? { cursor } : {}),
    { keepAs: 'redemptions' },
  )
  const [picking, setPicking] = useState<Redemption | null>(null)
  const [cancelling, setCancelling] = useState<Redemption | null>(null)
  useReachBottom(() => void more())
  const all = pages.flatMap(({ redemptions }) => redemptions)
  return (
    <Page onRefresh={first.reload}>
      <States read={first} skeleton={<Skeleton rows={4} />}>
        {() =>
          all.length === 0 ? (
            <Empty
              title="还没有兑换过"
              sub="积分能换茶、换券，也能换一只盏"
              action="去商城"
              onAction={() => toTab('mall')}
            />
          ) : (
            <View>
              <Cards redemptions={all} onPick={setPicking} onCancel={setCancelling} />
              {fault && <FaultNote fault={fault} onRetry={() => void more()} />}
              {hasMore ? (
                <View className="hy-dock">
                  <Button kind="ghost" block small busy={busy} onTap={() => void more()}>
                    更早的
                  </Button>
                </View>
              ) : (
                <View className="hy-slow">到底了</View>
              )}
            </View>
          )
        }
      </States>
      <View>
        <PickUpSheet redemption={picking} onClose={() => setPicking(null)} />
        <CancelSheet redemption={cancelling} onClose={() => setCancelling(null)} />
      </View>
    </Page>
  )
}

/** Alone in their View: what comes is added, and the phone is not handed the whole list again. */
function Cards({
  redemptions,
  onPick,
  onCancel,
}: {
  redemptions: Redemption[]
  onPick: (redemption: Redemption) => void
  onCancel: (redemption: Redemption) => void
}) {
  const { shown } = useGrowing(redemptions, STEP, MOST)
  return (
    <View id="redemptions">
      {shown.map((one) => (
        <RedemptionCard key={one.redemptionId} redemption={one} onPick={onPick} onCancel={onCancel} />
      ))}
    </View>
  )
}
