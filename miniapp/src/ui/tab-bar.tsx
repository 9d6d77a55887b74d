import { Text, View } from '@tarojs/components'
import { type Tab, toTab } from '../lib/nav'
import { Icon, type IconName } from './icon'
import { tapProps } from './tap'

const TABS: { tab: Tab; name: string; icon: IconName }[] = [
  { tab: 'home', name: '首页', icon: 'home' },
  { tab: 'mall', name: '商城', icon: 'mall' },
  { tab: 'code', name: '会员码', icon: 'code' },
  { tab: 'coupon', name: '卡券', icon: 'ticket' },
  { tab: 'me', name: '我的', icon: 'me' },
]

/** The five tabs; the code stands out in the middle, its name stays in sight below. */
export const TabBar = ({ on }: { on: Tab }) => (
  <View className="hy-tabbar">
    {TABS.map(({ tab, name, icon }) => (
      <View
        key={tab}
        id={`tab-${tab}`}
        className={`hy-tab${tab === on ? ' hy-tab--on' : ''}`}
        {...tapProps(() => toTab(tab), name)}
      >
        {tab === 'code' ? (
          <View className="hy-tab__raise">
            <Icon name={icon} size="l" />
          </View>
        ) : (
          <Icon name={icon} className="hy-tab__icon" />
        )}
        <Text>{name}</Text>
      </View>
    ))}
  </View>
)
