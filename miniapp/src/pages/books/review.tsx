import { View } from '@tarojs/components'
import { useState } from 'react'
import { useGrowing } from '../../lib/growing'
import { Panel, Section } from '../../ui/blocks'
import { Earlier } from '../../ui/earlier'
import { Empty, States } from '../../ui/states'
import type { Adjustment } from './adjustment'
import { AdjustmentRow } from './adjustment-row'
import { DecideSheet } from './decide-sheet'
import type { AdjustmentList } from './use-adjustments'

const STEP = 3
const MOST = 200

/** What waits for a second operator, and what has been decided. */
export function Review({ waiting, over }: { waiting: AdjustmentList; over: AdjustmentList }) {
  const [chosen, setChosen] = useState<{ adjustment: Adjustment; agree: boolean } | null>(null)
  const decide = (adjustment: Adjustment, agree: boolean) => setChosen({ adjustment, agree })
  return (
    <View>
      <View className="hy-cols">
        <View id="waiting" className="hy-col">
          <Section title="等待复核" />
          <States read={waiting.first}>
            {() =>
              waiting.adjustments.length === 0 ? (
                <Empty title="没有等待复核的" sub="超过一个人当天额度的调整，会排在这里" />
              ) : (
                <Rows list={waiting} onDecide={decide} />
              )
            }
          </States>
        </View>
        <View id="over" className="hy-col">
          <Section title="已有结果" />
          <States read={over.first}>
            {() =>
              over.adjustments.length === 0 ? <View className="hy-2">还没有调整过积分</View> : <Rows list={over} />
            }
          </States>
        </View>
      </View>
      <View>
        {chosen && <DecideSheet key={chosen.adjustment.adjustmentId} {...chosen} onClose={() => setChosen(null)} />}
      </View>
    </View>
  )
}

interface RowsWish {
  list: AdjustmentList
  onDecide?: (adjustment: Adjustment, agree: boolean) => void
}

function Rows({ list: { adjustments, ...pages }, onDecide }: RowsWish) {
  const { shown } = useGrowing(adjustments, STEP, MOST)
  return (
    <View>
      <Panel>
        {shown.map((one) => (
          <AdjustmentRow key={one.adjustmentId} adjustment={one} {...(onDecide ? { onDecide } : {})} />
        ))}
      </Panel>
      <Earlier {...pages} />
    </View>
  )
}
