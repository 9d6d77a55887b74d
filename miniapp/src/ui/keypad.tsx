import { Text, View } from '@tarojs/components'
import { Icon } from './icon'
import { tapProps } from './tap'

export type Key = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '.' | 'del'
const KEYS: Key[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '.', '0', 'del']

/** Twelve large keys for an amount. */
export const Keypad = ({ onKey }: { onKey: (key: Key) => void }) => (
  <View className="hy-keys">
    {KEYS.map((key) => (
      <View
        key={key}
        id={`key-${key === '.' ? 'dot' : key}`}
        className="hy-key"
        {...tapProps(() => onKey(key), key === 'del' ? '删除' : key === '.' ? '小数点' : key)}
      >
        {key === 'del' ? <Icon name="del" /> : <Text>{key}</Text>}
      </View>
    ))}
  </View>
)
