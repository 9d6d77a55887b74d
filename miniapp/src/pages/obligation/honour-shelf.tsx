import { View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { Cell, Panel } from '../../ui/blocks'
import { HonourBadge } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

type Honour = RouterOutputs['honour']['mine']['honours'][number]

/** As many as fit beside each other. */
const SHOWN = 4
const WORDS: Record<Honour['state'], string> = {
  warned: '快到期了',
  worn: '戴着',
  lapsed: '收起了',
  open: '等你来',
}

const open = () => go('/pages/honour/honours')

/** The names that small things leave, what is worn first; a plain row where there are none, or they cannot be read. */
export function HonourShelf({ honours, coming }: { honours: Honour[] | undefined; coming: boolean }) {
  if (coming) return <View className="hy-sk ob-shelf--coming" />
  if (!honours || honours.length === 0)
    return (
      <Panel>
        <Cell id="honours-open" icon="medal" title="我的荣誉" sub="做完留下的称号和徽章" onTap={open} />
      </Panel>
    )
  const isWorn = ({ state }: Honour) => state === 'worn' || state === 'warned'
  const worn = honours.filter(isWorn)
  const shown = [...worn, ...honours.filter((one) => !isWorn(one))].slice(0, SHOWN)
  return (
    <View id="honours-open" className="hy-panel ob-shelf" {...tapProps(open, named(worn))}>
      <View className="ob-shelf__head">
        <View className="hy-bold">我的荣誉</View>
        <View className="hy-grow" />
        <View className="hy-caption hy-2 hy-num">{`${worn.length} / ${honours.length} 枚`}</View>
        <Icon name="go" size="s" className="hy-cell__go" />
      </View>
      <View className="ob-shelf__row">
        {shown.map((one) => (
          <View key={one.honourId} className="ob-shelf__one">
            <HonourBadge mark={one.mark} held={isWorn(one)} />
            <View className={`ob-shelf__name${isWorn(one) ? ' hy-bold' : ' hy-2'}`}>{one.name}</View>
            <View className={`hy-caption ${one.state === 'warned' ? 'ob-shelf__soon' : 'hy-3'}`}>
              {WORDS[one.state]}
            </View>
          </View>
        ))}
      </View>
    </View>
  )
}

/** In browsers the words of the shelf are its name. */
const named = (worn: Honour[]): string | undefined =>
  process.env.TARO_ENV === 'weapp' ? ['我的荣誉', ...worn.map(({ name }) => name)].join('，') : undefined
