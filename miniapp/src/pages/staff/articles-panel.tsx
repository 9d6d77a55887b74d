import { yuanText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { Cell, Chip, Panel, Tag } from '../../ui/blocks'
import { Field } from '../../ui/field'
import { States } from '../../ui/states'
import { MOST_OF_ONE } from './cart'
import { More } from './more'
import { Stepper } from './stepper'
import type { Counter } from './use-counter'
import { type Article, articleOf, lookedFor, type Menu } from './use-menu'
import { useSome } from './use-some'

const LONGEST_WISH = 20

/** The menu at the counter: a group of it, what is looked for, or what is chosen, each with its number of pieces. */
export const ArticlesPanel = ({ counter }: { counter: Counter }) => (
  <View id="articles" className="st-articles">
    <States read={counter.ring.menu}>{(menu) => <Articles counter={counter} menu={menu} />}</States>
  </View>
)

function Articles({ counter, menu }: { counter: Counter; menu: Menu }) {
  const { ring } = counter
  const [wish, setWish] = useState('')
  const { entries, panel, setPanel, count } = ring
  const chosen = entries.flatMap(({ sku }) => articleOf(menu, sku) ?? [])
  const articles = wish === '' && panel === 'chosen' ? chosen : lookedFor(menu, panel, wish)
  const show = (group: string) => {
    setWish('')
    setPanel(group)
  }
  /** One that is found alone is meant; a hand scanner that types into the field ends so, too. */
  const take = () => {
    const [only, ...others] = articles
    if (!only || others.length > 0 || counter.locked) return
    ring.add(only.sku)
    setWish('')
  }
  return (
    <View>
      <Field
        id="article-input"
        label="找一款：名字或条码"
        placeholder="找一款：名字或条码"
        value={wish}
        maxLength={LONGEST_WISH}
        onInput={setWish}
        onConfirm={take}
      />
      <View className="hy-chips st-groups">
        {[{ categoryId: 'chosen', title: count > 0 ? `已点 ${count}` : '已点' }, ...menu.categories].map(
          ({ categoryId, title }) => (
            <View key={categoryId} id={`group-${categoryId}`} className="st-till-chip">
              <Chip on={wish === '' && panel === categoryId} onTap={() => show(categoryId)}>
                {title}
              </Chip>
            </View>
          ),
        )}
      </View>
      <ArticleList
        key={wish === '' ? panel : 'looked-for'}
        counter={counter}
        articles={articles}
        none={noneWords(wish)}
      />
    </View>
  )
}

const noneWords = (wish: string) => (wish === '' ? '还没有点，选一款，或者扫条码' : '菜单里没有，换个名字找找')

function ArticleList({ counter, articles, none }: { counter: Counter; articles: Article[]; none: string }) {
  const { shown, rest, more } = useSome(articles, process.env.TARO_ENV === 'h5' ? 12 : 5)
  const { ring, locked } = counter
  if (articles.length === 0) return <View className="hy-2 st-none">{none}</View>
  const when = (work: () => void) => () => {
    if (!locked) work()
  }
  return (
    <View>
      <Panel>
        {shown.map(({ sku, title, priceFen, state }) => (
          <Cell
            key={sku}
            title={title}
            sub={yuanText(priceFen)}
            end={
              <>
                {state === 'soon' && <Tag>未上市</Tag>}
                {state === 'early' && <Tag kind="brand">早享</Tag>}
                <Stepper
                  id={`sku-${sku}`}
                  name={title}
                  count={ring.entries.find((entry) => entry.sku === sku)?.qty ?? 0}
                  most={MOST_OF_ONE}
                  onLess={when(() => ring.remove(sku))}
                  onMore={when(() => ring.add(sku))}
                />
              </>
            }
          />
        ))}
      </Panel>
      <More rest={rest} onTap={more} />
    </View>
  )
}
