import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { useRead } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Panel, Section } from '../../ui/blocks'
import { Empty, States } from '../../ui/states'
import { type Liability, type LiabilityRow, liabilityRows } from './liability-rows'

const STEP = 5
const MOST = 40

/** What the house owes its members in points, and when it ends. */
export function LiabilityView() {
  const read = useRead(['ledger.liability'], () => api.ledger.liability.query())
  return (
    <States read={read}>
      {(liability) => (
        <View id="liability" className="hy-cols">
          <View className="hy-col bk-col--narrow">
            <Totals liability={liability} />
          </View>
          <View className="hy-col">
            <Months rows={liabilityRows(liability)} />
          </View>
        </View>
      )}
    </States>
  )
}

function Totals({ liability: { asOf, available, pending, debt, members } }: { liability: Liability }) {
  const at = new Date(asOf)
  return (
    <Panel pad>
      <View className="hy-caption hy-2">会员手里还没用的积分</View>
      <View id="liability-total" className="bk-big">
        {countText(available + pending)}
      </View>
      <View className="bk-facts">
        <Total name="可用" count={available} />
        <Total name="待生效" count={pending} />
        <Total name="会员欠分" count={debt} />
      </View>
      <View className="hy-caption hy-3 hy-num">
        {`${countText(members)} 位会员 · ${dayWords(at, new Date())} ${clockText(at)} 的数`}
      </View>
    </Panel>
  )
}

const Total = ({ name, count }: { name: string; count: number }) => (
  <View className="bk-fact">
    <Text className="bk-fact__name">{name}</Text>
    <Text className="bk-total">{countText(count)}</Text>
  </View>
)

function Months({ rows }: { rows: LiabilityRow[] }) {
  const { shown } = useGrowing(rows, STEP, MOST)
  if (rows.length === 0) return <Empty title="没有未用的积分" sub="会员得到积分后，会按到期的月份列在这里" />
  return (
    <View>
      <Section title="按到期的月份" />
      <View className="bk-legend">
        <View className="bk-dot" />
        <Text>可用</Text>
        <View className="bk-dot bk-dot--pending" />
        <Text>待生效</Text>
      </View>
      <Panel>
        <View className="bk-line bk-line--head">
          <View className="bk-line__month">到期</View>
          <View className="bk-line__bar" />
          <View className="bk-line__n bk-line__n--desk">可用</View>
          <View className="bk-line__n bk-line__n--desk">待生效</View>
          <View className="bk-line__n bk-line__n--desk">批次</View>
          <View className="bk-line__n">合计</View>
        </View>
        {/* alone in their View: what comes is added */}
        <View>
          {shown.map((row) => (
            <Line key={row.month} row={row} />
          ))}
        </View>
      </Panel>
    </View>
  )
}

/** On a phone the month, its bar and the sum; on a desk every number. */
const Line = ({ row: { name, available, pending, lots, availableShare, pendingShare } }: { row: LiabilityRow }) => (
  <View className="bk-line">
    <View className="bk-line__month">{name}</View>
    <View className="bk-line__bar" {...aria({ hidden: true })}>
      <View className="bk-bar" style={{ width: `${percent(availableShare)}%` }} />
      <View className="bk-bar bk-bar--pending" style={{ width: `${percent(pendingShare)}%` }} />
    </View>
    <View className="bk-line__n bk-line__n--desk">{countText(available)}</View>
    <View className="bk-line__n bk-line__n--desk">{countText(pending)}</View>
    <View className="bk-line__n bk-line__n--desk">{countText(lots)}</View>
    <View className="bk-line__n bk-line__n--sum">{countText(available + pending)}</View>
  </View>
)

const percent = (share: number) => Math.round(share * 1_000) / 10
