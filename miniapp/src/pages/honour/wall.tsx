import { businessDay } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go } from '../../lib/nav'
import { usePages } from '../../lib/pages'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Earlier } from '../../ui/earlier'
import { HonourBadge } from '../../ui/honour-badge'
import { Page } from '../../ui/page'
import { Empty, States } from '../../ui/states'
import './honour.css'

type Wall = RouterOutputs['honour']['wall']

const STEP = 6
/** As many as anybody pages through. */
const MOST = 10_000

/** Who wears an honour and likes to be seen with it, the newest first. */
export default function WallPage() {
  const { id = '' } = useRouter().params
  const { state } = useSession()
  const { first, pages, ...rest } = usePages(['wall', id], (after) =>
    api.honour.wall
      .query({ honourId: id, ...(after ? { after } : {}) })
      .then(({ next, ...page }) => ({ ...page, nextCursor: next })),
  )
  useShareCard({ title: '一盏的荣誉墙', path: `/pages/honour/wall?id=${id}` })
  const people = pages.flatMap((page) => page.people)
  const { shown } = useGrowing(people, STEP, MOST)
  return (
    <Page broad onRefresh={first.reload}>
      <States read={first} skeleton={<Coming />}>
        {({ honour }) => (
          <View id="wall">
            <View className="ho-head">
              <HonourBadge mark={honour.mark} held large />
              <View className="hy-display hy-mt2">{honour.name}</View>
              <View className="hy-2 hy-mt1">{honour.words}</View>
            </View>
            {people.length === 0 ? (
              <Empty title="墙上还空着" sub="戴着它的人愿意的话，名字会写在这里" />
            ) : (
              <View className="ho-plates">
                {shown.map((one, at) => (
                  <Plate key={at} one={one} />
                ))}
              </View>
            )}
            <Earlier {...rest} />
            {state === 'member' && (
              <View className="hy-dock">
                <Button id="honours-open" kind="ghost" small block onTap={() => go('/pages/honour/honours')}>
                  我的荣誉，要不要上墙自己定
                </Button>
              </View>
            )}
          </View>
        )}
      </States>
    </Page>
  )
}

const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="ho-head">
      <View className="hy-sk ho-sk-seal" />
      <View className="hy-sk ho-sk-name" />
      <View className="hy-sk hy-sk--short" />
    </View>
    <View className="ho-plates">
      {[1, 2, 3, 4, 5, 6].map((nth) => (
        <View key={nth} className="ho-plate">
          <View className="hy-sk ho-sk-plate" />
        </View>
      ))}
    </View>
  </View>
)

function Plate({ one: { name, since } }: { one: Wall['people'][number] }) {
  const { year, month } = businessDay(new Date(since))
  return (
    <View className="ho-plate">
      <View className="ho-plate__in">
        <Text className="hy-bold ho-plate__name">{name}</Text>
        <Text className="hy-caption hy-3 hy-num">{`${year} 年 ${month} 月起`}</Text>
      </View>
    </View>
  )
}
