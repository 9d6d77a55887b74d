import { CODE_STEP_SECONDS } from '@huiyuan/shared/code'
import { Text, View } from '@tarojs/components'
import { memo } from 'react'
import { Code128, QrCode } from '../../ui/code-pictures'

const grouped = (digits: string) => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** Bars, digits and QR of one code, with the seconds it has left. The QR may say more than the 18 digits: their proof. */
export const CodeBox = ({ text, qrText, secondsLeft }: { text: string; qrText: string; secondsLeft: number }) => (
  <View className="hy-codebox">
    <Pictures text={text} qrText={qrText} />
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

const Pictures = memo(({ text, qrText }: { text: string; qrText: string }) => (
  <View>
    <Code128 text={text} />
    <View id="member-code" className="hy-codebox__digits">
      {grouped(text)}
    </View>
    <QrCode text={qrText} />
  </View>
))
