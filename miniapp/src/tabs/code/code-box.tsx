import { CODE_STEP_SECONDS } from '@huiyuan/shared/code'
import { Text, View } from '@tarojs/components'
import { memo } from 'react'
import { Code128, QrCode } from '../../ui/code-pictures'

const grouped = (digits: string) => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** Bars, digits and QR of one code, with the seconds it has left. */
export const CodeBox = ({ text, secondsLeft }: { text: string; secondsLeft: number }) => (
  <View className="hy-codebox">
    <Pictures text={text} />
    <View className="hy-codebox__left">
      <View
        className="hy-count"
        style={{
          backgroundImage: `conic-gradient(#1c5a4a ${Math.round((secondsLeft / CODE_STEP_SECONDS) * 100)}%, #e4e8e4 0)`,
        }}
      >
        <View className="hy-count__in" />
      </View>
      <Text className="hy-num">{`${secondsLeft} 秒后自动换新`}</Text>
    </View>
  </View>
)

const Pictures = memo(({ text }: { text: string }) => (
  <View>
    <Code128 text={text} />
    <View id="member-code" className="hy-codebox__digits">
      {grouped(text)}
    </View>
    <QrCode text={text} />
  </View>
))
