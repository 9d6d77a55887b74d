import { Text, View } from '@tarojs/components'
import { go } from '../lib/nav'
import { aria } from '../ui/aria'
import { Icon } from '../ui/icon'
import { tapProps } from '../ui/tap'

/** The tick without which nothing about a person leaves this phone, and the text it stands for. */
export function Consent({
  agreed,
  nudged,
  onChange,
}: {
  agreed: boolean
  nudged: boolean
  onChange: (agreed: boolean) => void
}) {
  const tap = tapProps(() => onChange(!agreed))
  const box = aria({ role: 'checkbox', checked: agreed, label: '我已阅读并同意会员服务与隐私说明' })
  return (
    <View>
      <View className="hy-row hy-wrap hy-mt3">
        <View id="consent" className={`hy-tick${agreed ? ' hy-tick--on' : ''}`} {...tap} {...box}>
          <View className="hy-tick__box">
            <Icon name="check" size="s" />
          </View>
          <Text>我已阅读并同意</Text>
        </View>
        <View
          className="hy-note__way hy-brandly"
          {...tapProps(() => go('/pages/consent/privacy'), '阅读会员服务与隐私说明')}
        >
          <Text>《会员服务与隐私说明》</Text>
        </View>
      </View>
      {nudged && (
        <View className="hy-field__hint hy-field__hint--bad" {...aria({ role: 'alert' })}>
          请先阅读并勾选同意
        </View>
      )}
    </View>
  )
}
