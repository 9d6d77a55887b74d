import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Panel, Section } from '../../ui/blocks'
import type { Explained } from './explained'
import { type LeavingColumn, leavingColumnsOf } from './leaving-columns'

/** In pixels: the fullest month, and the least that is still seen. */
const TALL = 84
const LEAST = 4

/** The growth that leaves the window, month by month; what still counts on the tier's last day stands out. */
export function Leaving({ explained }: { explained: Explained }) {
  const { leaving, keep } = explained
  const [first] = leaving
  if (!first) return null
  const now = new Date()
  const columns = leavingColumnsOf(leaving, keep?.by ?? null, countText)
  return (
    <View id="leaving">
      <Section title="以后会离开的成长值" />
      <Panel pad>
        <View className="hy-bold hy-num">{`${dayWords(new Date(first.at), now)}起，先离开 ${countText(first.growth)}`}</View>
        <View className="hy-caption hy-3">每一笔计入 12 个月，到月就离开；新的消费会补上</View>
        {columns.length > 1 && (
          <View className="tr-chart" {...aria({ role: 'img', label: spoken(leaving, now) })}>
            {columns.map((column) => (
              <Column key={column.month} column={column} />
            ))}
          </View>
        )}
        {keep && (
          <View className="tr-sum hy-row hy-between">
            <View className="hy-grow">
              <View className="hy-bold">{`${dayWords(new Date(keep.by), now)}还计入`}</View>
              <View className="hy-caption hy-3">
                <Text className="tr-key tr-key--stays">那天还在</Text>
                <Text className="tr-key">那天前离开</Text>
              </View>
            </View>
            <Text className="tr-total">{countText(keep.countsAtEnd)}</Text>
          </View>
        )}
      </Panel>
    </View>
  )
}

const Column = ({ column: { label, figure, share, stays } }: { column: LeavingColumn }) => {
  const height = share > 0 ? Math.max(LEAST, Math.round(share * TALL)) : 0
  return (
    <View className="tr-col">
      {figure && <View className="tr-col__n">{figure}</View>}
      <View className={`tr-col__bar${stays ? ' tr-col__bar--stays' : ''}`} style={{ height: `${height}px` }} />
      <View className="tr-col__m">{label}</View>
    </View>
  )
}

const spoken = (leaving: Explained['leaving'], now: Date): string =>
  leaving.map(({ at, growth }) => `${dayWords(new Date(at), now)}起离开 ${countText(growth)}`).join('，')
