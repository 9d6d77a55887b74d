import { Text, View } from '@tarojs/components'
import { back, go } from '../../lib/nav'
import { Chip } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import type { Counter } from './use-counter'

/** Which store and which till this is, and the way to the day's list. */
export const TillHead = ({ counter: { job, tillId, chooseTill } }: { counter: Counter }) => (
  <View className="st-head">
    <View className="st-head__row">
      <BackIcon />
      <Text className="hy-title hy-grow">{job.storeName}</Text>
      <View id="shift-open" className="st-link" {...tapProps(() => go('/pages/staff/shift'), '今日流水')}>
        <Icon name="list" size="m" />
        <Text className="st-link__in">今日流水</Text>
      </View>
    </View>
    <View className="hy-chips">
      {job.tills.map((till) => (
        <View key={till.tillId} id={`till-${till.tillId}`} className="st-till-chip">
          <Chip on={till.tillId === tillId} onTap={() => chooseTill(till.tillId)}>
            {till.name}
          </Chip>
        </View>
      ))}
    </View>
  </View>
)

/** A browser has no way back of its own on the page; WeChat has. */
const BackIcon = () =>
  process.env.TARO_ENV === 'h5' ? (
    <View id="staff-back" className="st-back" {...tapProps(back, '返回')}>
      <Icon name="back" />
    </View>
  ) : null
