import { Text, View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { copyText } from '../../lib/copy-text'
import { platform } from '../../lib/device'
import { Button } from '../../ui/button'

const selectable = platform === 'weapp' ? { userSelect: true } : {}

/** A partner's code, to be copied where it is used. */
export function PartnerCode({ code }: { code: string }) {
  const copy = async () => {
    if (!(await copyText(code, '兑换码已复制')))
      void Taro.showToast({ title: '复制不了，长按兑换码试试', icon: 'none', duration: 2_000 })
  }
  return (
    <View className="rd-partner">
      <View className="hy-caption">兑换码</View>
      <Text id="partner-code" className="rd-partner__n" {...selectable}>
        {code}
      </Text>
      <Button id="partner-copy" small label="复制兑换码" onTap={() => void copy()}>
        复制
      </Button>
    </View>
  )
}
