import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useMemo, useState } from 'react'
import { useItems } from '../../lib/cart'
import { toTab } from '../../lib/nav'
import { useSession } from '../../lib/session'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import type { Article } from './menu-words'
import { hintOf, linesOf, PLAIN_WISH, type Preview, previewOf, type Wish } from './preview'
import { PriceSheet } from './price-sheet'
import type { Known } from './use-menu'

interface TillWish {
  articles: ReadonlyMap<string, Article>
  known: Known
  onJoin: () => void
}

/** What was picked and what it comes to, always in sight; the way to the whole receipt. */
export function Till({ articles, known, onJoin }: TillWish) {
  const { standing, member, now } = known
  const items = useItems()
  const [wish, setWish] = useState<Wish>(PLAIN_WISH)
  const [open, setOpen] = useState(false)
  const lines = useMemo(() => linesOf(items, articles), [items, articles])
  const preview = useMemo(
    () => (standing && lines.length > 0 ? previewOf(standing, lines, wish, now()) : null),
    [standing, lines, wish, now],
  )
  const menuFen = lines.reduce((sum, { unitFen, qty }) => sum + unitFen * qty, 0)
  const pieces = lines.reduce((sum, { qty }) => sum + qty, 0)
  return (
    <View>
      <View id="till" className="hy-reach">
        <View className="hy-reach__in">
          {pieces === 0 ? (
            <View className="hy-2 mn-till__none">点加号选几样，这里就有价</View>
          ) : member ? (
            <MemberTill menuFen={menuFen} pieces={pieces} preview={preview} onOpen={() => setOpen(true)} />
          ) : (
            <GuestTill menuFen={menuFen} pieces={pieces} preview={preview} onJoin={onJoin} />
          )}
        </View>
      </View>
      {/* alone in its View: a sheet that opens hands over nothing of the bar */}
      <View>
        {open && member && preview && (
          <PriceSheet preview={preview} wish={wish} known={known} onWish={setWish} onClose={() => setOpen(false)} />
        )}
      </View>
    </View>
  )
}

interface SumWish {
  menuFen: number
  pieces: number
  preview: Preview | null
}

const Sum = ({ menuFen, payableFen, words }: { menuFen: number; payableFen: number; words: string }) => (
  <View className="hy-grow" {...aria({ role: 'status' })}>
    <View className="mn-price">
      <Text id="till-sum" className="mn-till__n">
        {yuanText(payableFen)}
      </Text>
      {payableFen < menuFen && (
        <Text className="mn-price__menu" {...aria({ label: `菜单价 ${yuanText(menuFen)}` })}>
          {yuanText(menuFen)}
        </Text>
      )}
    </View>
    <View className="hy-caption hy-2">{words}</View>
  </View>
)

function MemberTill({ menuFen, pieces, preview, onOpen }: SumWish & { onOpen: () => void }) {
  const payableFen = preview?.price.payableFen ?? menuFen
  const saved = preview
    ? payableFen < menuFen
      ? `已省 ${yuanText(menuFen - payableFen)}`
      : '就是菜单价'
    : '先按菜单价算'
  const hint = preview && hintOf(preview.price)
  return (
    <View>
      {hint && (
        <View id="till-hint" className="mn-hint">
          <Icon name="spark" size="s" />
          <Text>{hint}</Text>
        </View>
      )}
      <View className="mn-till">
        <Sum menuFen={menuFen} payableFen={payableFen} words={`${pieces} 件 · ${saved}`} />
        {preview && (
          <Button id="preview-open" small onTap={onOpen}>
            算一算
          </Button>
        )}
      </View>
    </View>
  )
}

/** Without a card the menu's price counts; what a card would make of it stands beside. */
function GuestTill({ menuFen, pieces, preview, onJoin }: SumWish & { onJoin: () => void }) {
  const { state } = useSession()
  const joinedFen = preview?.price.payableFen ?? menuFen
  return (
    <View className="mn-till">
      <Sum
        menuFen={menuFen}
        payableFen={menuFen}
        words={joinedFen < menuFen ? `${pieces} 件 · 入会价 ${yuanText(joinedFen)}` : `${pieces} 件`}
      />
      {state === 'guest' ? (
        <Button id="join-open" small onTap={onJoin}>
          领取会员卡
        </Button>
      ) : (
        <Button id="sign-in" small onTap={() => toTab('home')}>
          去登录
        </Button>
      )}
    </View>
  )
}
