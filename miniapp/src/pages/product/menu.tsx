import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useEffect, useMemo, useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { renewCart } from '../../lib/cart'
import { tierName } from '../../lib/reward'
import { aria } from '../../ui/aria'
import { Page } from '../../ui/page'
import { Empty, FaultNote, OfflineNote, States } from '../../ui/states'
import './article.css'
import { ArticleSheet } from './article-sheet'
import { Articles } from './articles'
import './menu.css'
import type { Article, Menu } from './menu-words'
import { piecePrices } from './preview'
import { Till } from './till'
import { type Known, useMenu, useStanding } from './use-menu'

/** The menu with the price that this very person pays, and what a few of it come to. Nothing is ordered here. */
export default function MenuPage() {
  const { params } = useRouter()
  const read = useMenu()
  const known = useStanding()
  const reload = () => Promise.all([read.reload(), known.member && known.read.reload()])
  return (
    <Page onRefresh={reload}>
      <States read={read} skeleton={<Coming />}>
        {(menu) =>
          menu.products.length === 0 ? (
            <Empty title="菜单正在上新" sub="过一会儿再来看看" />
          ) : (
            <Whole menu={menu} menuIsOld={read.offline} known={known} first={params.category ?? ''} />
          )
        }
      </States>
    </Page>
  )
}

interface WholeWish {
  menu: Menu
  menuIsOld: boolean
  known: Known
  /** The group to begin with; empty for what the house is known for. */
  first: string
}

function Whole({ menu, menuIsOld, known, first }: WholeWish) {
  const [joining, setJoining] = useState(false)
  const [looked, setLooked] = useState<Article | null>(null)
  const { standing, member, now } = known
  const articles = useMemo(() => new Map(menu.products.map((article) => [article.sku, article])), [menu])
  // a guest's price is the menu's: what joining would make of it is said below, for the whole cart
  const mine = useMemo(
    () => (standing && member ? piecePrices(standing, menu.products, now()) : null),
    [standing, member, menu, now],
  )
  const basis =
    standing && member ? `划线的是菜单价，旁边是你的${tierName(standing.tier)}会员价，单件、不含券` : '标的是菜单价'
  useEffect(() => {
    const sold = menu.products.filter(({ state }) => state !== 'soon')
    renewCart(new Map(sold.map(({ sku, category, priceFen }) => [sku, { category, unitFen: priceFen }])))
  }, [menu])
  return (
    <View>
      <View className="hy-words">选几样，看看多少钱。这里不能下单：到店点，结账前出示会员码，就是这个价。</View>
      <View>{member && <Standings known={known} quiet={menuIsOld} />}</View>
      <Articles menu={menu} mine={mine} basis={basis} first={first} onLook={setLooked} />
      <View className="hy-reach__room" />
      {/* alone in its View: each tap hands over the sum and nothing of the list */}
      <View>
        <Till articles={articles} known={known} onJoin={() => setJoining(true)} />
        <JoinSheet open={joining} onClose={() => setJoining(false)} />
      </View>
      <View>
        <ArticleSheet article={looked} member={member} onClose={() => setLooked(null)} />
      </View>
    </View>
  )
}

/** Whether the member's own prices are old, or not known at all. */
function Standings({ known: { read }, quiet }: { known: Known; quiet: boolean }) {
  const again = () => void read.reload()
  if (read.data === undefined) return read.fault && <FaultNote fault={read.fault} onRetry={again} />
  if (read.offline) return quiet ? null : <OfflineNote at={read.at} onRetry={again} />
  return read.fault && <FaultNote fault={read.fault} onRetry={again} />
}

const ROWS = [1, 2, 3, 4]

const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk mn-sk-search" />
    <View className="hy-sk hy-sk--line" />
    <View className="hy-panel hy-mt4">
      {ROWS.map((row) => (
        <View key={row} className="mn-row">
          <View className="hy-sk mn-pic" />
          <View className="hy-grow">
            <View className="hy-sk hy-sk--line" />
            <View className="hy-sk hy-sk--short" />
          </View>
        </View>
      ))}
    </View>
  </View>
)
