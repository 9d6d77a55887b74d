import { Text, View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { copyText } from '../../lib/copy-text'
import { Button } from '../../ui/button'
import type { OwnRight } from './rights'

type Contact = NonNullable<Extract<OwnRight, { kind: 'service_manager' }>['contact']>

/** Who cares for this member, and the two ways to reach them. */
export const ContactCard = ({ contact: { name, wechatId, phone, hours, words } }: { contact: Contact }) => (
  <View id="contact" className="rt-contact">
    <View className="hy-row hy-between">
      <Text className="hy-title">{name}</Text>
      <Text className="hy-caption hy-2">{hours}</Text>
    </View>
    <View className="hy-2 hy-mt1">{words}</View>
    <View className="hy-caption hy-2 hy-mt2">{`微信号 ${wechatId}`}</View>
    <View className="hy-caption hy-2 hy-num">{`电话 ${phone}`}</View>
    <View className="rt-contact__ways">
      <Button
        id="contact-copy"
        kind="line"
        small
        label={`复制${name}的微信号`}
        onTap={() => void copyText(wechatId, '微信号已复制，去微信添加')}
      >
        复制微信号
      </Button>
      <Button
        id="contact-call"
        kind="line"
        small
        label={`打电话给${name}`}
        onTap={() => void Taro.makePhoneCall({ phoneNumber: phone }).catch(() => {})}
      >
        打电话
      </Button>
    </View>
  </View>
)
