import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Panel } from '../../ui/blocks'
import { type Column, columnsOf, type Forecast } from './forecast-columns'

/** In pixels: the fullest month, and the least that is still seen. */
const TALL = 88
const LEAST = 4

/** What ends when: in words, and month by month once there is more than one. */
export function ForecastPanel({ forecast }: { forecast: Forecast }) {
  const [headline, next] = forecast.words
  if (!headline) return null
  const columns = columnsOf(forecast.months, new Date(), countText)
  const pending = columns.some((column) => column.pending > 0)
  return (
    <View id="forecast" className="lg-first">
      <Panel pad>
        <View className="hy-bold hy-num">{headline}</View>
        {next && <View className="hy-caption hy-2 hy-num hy-mt1">{`${next} · 先到期的先用`}</View>}
        {columns.length > 1 && (
          <View className="lg-chart" {...aria({ role: 'img', label: '按月的到期积分，下面逐批列出' })}>
            {columns.map((column) => (
              <Bar key={column.month} column={column} />
            ))}
          </View>
        )}
        {columns.length > 1 && (
          <View className="hy-row hy-between hy-caption hy-3">
            <Text>{yearsOf(columns)}</Text>
            {pending && <Text className="lg-pending">待生效</Text>}
          </View>
        )}
      </Panel>
    </View>
  )
}

const Bar = ({ column: { label, figure, share, pendingShare, soon } }: { column: Column }) => {
  const height = share > 0 ? Math.max(LEAST, Math.round(share * TALL)) : 0
  return (
    <View className="lg-col">
      {figure && <View className="lg-col__n">{figure}</View>}
      <View className={`lg-col__bar${soon ? ' lg-col__bar--soon' : ''}`} style={{ height: `${height}px` }}>
        {pendingShare > 0 && (
          <View className="lg-col__pending" style={{ height: `${Math.round(pendingShare * height)}px` }} />
        )}
      </View>
      <View className="lg-col__m">{label}</View>
    </View>
  )
}

/** `2026 年 12 月到 2027 年 11 月` */
function yearsOf(columns: Column[]): string {
  const told = (month: string | undefined) => {
    const [year, number] = (month ?? '').split('-')
    return `${year} 年 ${Number(number)} 月`
  }
  return `${told(columns[0]?.month)}到 ${told(columns[columns.length - 1]?.month)}`
}
