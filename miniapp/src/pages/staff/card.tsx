import { Text, View } from '@tarojs/components'
import { Button } from '../../ui/button'
import { Code128 } from '../../ui/code-pictures'
import { Page } from '../../ui/page'
import './card.css'
import { TILL_COMMANDS, type TillCommand } from './till-command'

const COMMANDS = Object.keys(TILL_COMMANDS) as TillCommand[]

/** The card beside the till: what a hand scanner reads from it does what the buttons do. It holds no secret. */
export default function CardPage() {
  return (
    <Page>
      <View id="till-card" className="tc">
        <View className="tc__words">
          <View className="hy-title">放在扫码枪旁边</View>
          <View className="hy-2 hy-mt1">
            顺序是：顾客的会员码、商品条码、「收款」，客人付了再扫一次「收款」，然后「下一位」。
          </View>
        </View>
        <View className="tc__codes">
          {COMMANDS.map((command) => (
            <CommandCode key={command} command={command} />
          ))}
        </View>
        <View className="hy-dock tc__print">
          {process.env.TARO_ENV === 'h5' ? (
            <Button id="card-print" block onTap={() => window.print()}>
              打印
            </Button>
          ) : (
            <Text className="hy-caption hy-2">要打印，请在收银台的浏览器里打开这一页。也可以直接对着手机屏幕扫。</Text>
          )}
        </View>
      </View>
    </Page>
  )
}

const CommandCode = ({ command }: { command: TillCommand }) => {
  const { text, title, words } = TILL_COMMANDS[command]
  return (
    <View id={`command-${command}`} className="tc__code">
      <View className="tc__title">{title}</View>
      <View className="tc__sub">{words}</View>
      <View className="tc__bars">
        <Code128 text={text} />
      </View>
      <View className="tc__text">{text}</View>
    </View>
  )
}
