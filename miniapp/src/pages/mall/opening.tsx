import { Text, View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { refresh } from '../../lib/query'
import type { Reward } from '../../lib/reward'
import { Countdown } from '../../ui/countdown'
import { Icon, type IconName } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { type EarlyTold, earlyTold } from './early'

const ICONS: Record<NonNullable<EarlyTold['right']>['state'], IconName> = {
  available: 'medal',
  used_up: 'clock',
  locked: 'lock',
}

/** The time until it opens, and the right that opens it sooner; the server is asked again when it has come. */
export function Opening({ reward }: { reward: Reward }) {
  const told = earlyTold(reward, new Date())
  if (!told) return null
  const { lead, until, right, foot } = told
  return (
    <View id="opening" className="rw-opening">
      <View className="rw-opening__top">
        <Text className="rw-opening__lead">{lead}</Text>
        <Countdown at={until} onOver={() => void refresh('mall')} />
      </View>
      {right && <RightLine right={right} />}
      {foot && <View className="rw-opening__foot hy-caption hy-2">{foot}</View>}
    </View>
  )
}

function RightLine({ right }: { right: NonNullable<EarlyTold['right']> }) {
  const { state, title, subs, way } = right
  return (
    <View id="opening-right" className={`rw-right rw-right--${state}`} {...(way ? tapProps(() => go(way)) : {})}>
      <View className="rw-right__mark">
        <Icon name={ICONS[state]} size="m" />
      </View>
      <View className="hy-grow">
        <View className="hy-bold">{title}</View>
        <View className="hy-caption rw-right__sub">
          {subs.map((sub) => (
            <Text key={sub} className="hy-whole">
              {sub}
            </Text>
          ))}
        </View>
      </View>
      {way && <Icon name="go" size="s" className="hy-cell__go" />}
    </View>
  )
}
