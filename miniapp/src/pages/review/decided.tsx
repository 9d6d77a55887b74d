import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'

interface DecidedWish {
  title: string
  words: string
  good: boolean
  onClose: () => void
}

/** What came of a decision. */
export const Decided = ({ title, words, good, onClose }: DecidedWish) => (
  <Sheet open onClose={onClose} title={title}>
    <View id="decided" {...aria({ role: 'alert' })}>
      <View className="hy-done">
        <Icon name={good ? 'check' : 'x'} size="l" />
      </View>
      <View className="hy-center hy-2 hy-mt2 rv-words">{words}</View>
    </View>
    <View className="hy-dock">
      <Button id="decided-done" block onTap={onClose}>
        好了
      </Button>
    </View>
  </Sheet>
)
