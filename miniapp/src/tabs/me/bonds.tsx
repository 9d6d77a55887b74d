import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { Panel } from '../../ui/blocks'
import { Icon, type IconName } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

type Me = RouterOutputs['member']['me']

/** The ways this house can know a person by; the label is the server's own. */
const WAYS: { label: string; name: string; icon: IconName }[] = [
  { label: '微信小程序', name: '小程序', icon: 'chat' },
  { label: '微信公众号', name: '公众号', icon: 'link' },
  { label: '手机号', name: '手机号', icon: 'phone' },
  { label: '实体会员卡', name: '实体卡', icon: 'card' },
]

/** Several doors, one card: which of them are joined already, and what one more would bring. */
export function Bonds({ me }: { me: Me }) {
  const joined = WAYS.filter(({ label }) => me.identities.some((own) => own.label === label)).map(({ label }) => label)
  const words = me.phoneMasked ? `${me.phoneMasked} · 换手机也不丢积分` : '绑上手机号，能找回老卡，换手机也不丢积分'
  return (
    <Panel>
      <View id="profile-open" className="me-bonds" {...tapProps(() => go('/pages/member/profile'))}>
        <View className="hy-row hy-between">
          <Text className="hy-title">我的身份</Text>
          <View className="hy-row hy-2">
            <Text className="hy-caption hy-num">{`${joined.length} / ${WAYS.length}`}</Text>
            <Icon name="go" size="s" className="hy-cell__go" />
          </View>
        </View>
        <View className="hy-caption hy-2 hy-mt1">{words}</View>
        <View className="me-ways">
          {WAYS.map(({ label, name, icon }) => (
            <View key={label} className={`me-way${joined.includes(label) ? ' me-way--on' : ''}`}>
              <View className="me-way__icon">
                <Icon name={icon} size="m" />
              </View>
              <Text>{name}</Text>
              {!joined.includes(label) && <Text className="hy-hidden">（未关联）</Text>}
            </View>
          ))}
        </View>
      </View>
    </Panel>
  )
}
