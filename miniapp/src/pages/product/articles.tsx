import { yuanText } from '@huiyuan/shared/money'
import { Input, Text, View } from '@tarojs/components'
import { memo, useEffect, useState } from 'react'
import { useGrowing } from '../../lib/growing'
import { aria } from '../../ui/aria'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Empty } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { type Article, isFound, type Menu, openingWords, shelvesOf } from './menu-words'
import { Stepper } from './stepper'

const STEP = 4
const MOST = 28
const LONGEST = 20

interface ArticlesWish {
  menu: Menu
  /** What one piece costs this member; null where only the menu's price is known. */
  mine: ReadonlyMap<string, number> | null
  /** What the prices are. */
  basis: string
  /** The group to begin with. */
  first: string
  /** Shows one article by itself. */
  onLook: (article: Article) => void
}

/** The menu by groups, or what was looked for. Rows stay where they are and only hide: WeChat is handed a class, not a list. */
export function Articles({ menu, mine, basis, first, onLook }: ArticlesWish) {
  const shelves = shelvesOf(menu)
  const [chosen, setChosen] = useState(first)
  const [text, setText] = useState('')
  const shelf = shelves.find(({ id }) => id === chosen) ?? shelves[0]
  const words = text.trim()
  const fitting = menu.products.filter((one) => (words ? isFound(one, words) : shelf?.fits(one)))
  const { shown, more } = useGrowing(menu.products, STEP, MOST)
  const beyond = shown.length >= MOST && fitting.length > 0 && !shown.some((one) => fitting.includes(one))
  useEffect(() => {
    if (beyond) more?.()
  }, [beyond, more])
  const look = (id: string) => {
    setText('')
    setChosen(id)
  }
  return (
    <View>
      <SearchField text={text} onInput={setText} />
      <View className="hy-chips mn-chips">
        {shelves.map(({ id, name }) => (
          <Chip key={id} on={!words && id === shelf?.id} onTap={() => look(id)}>
            {name}
          </Chip>
        ))}
      </View>
      <View className="hy-caption hy-3 mn-basis">{basis}</View>
      <View id="articles" className={`hy-panel${fitting.length === 0 ? ' mn-row--off' : ''}`}>
        {shown.map((one) => (
          <Row
            key={one.sku}
            article={one}
            mineFen={mine?.get(one.sku)}
            hidden={!fitting.includes(one)}
            onLook={onLook}
          />
        ))}
      </View>
      <View>
        {fitting.length === 0 && <Empty title={`没有找到「${words}」`} sub="换个短一点的词试试" />}
        {more && (
          <View className="hy-dock">
            <Button kind="ghost" block small onTap={more}>
              更多
            </Button>
          </View>
        )}
      </View>
    </View>
  )
}

const SearchField = ({ text, onInput }: { text: string; onInput: (text: string) => void }) => (
  <View className="mn-search">
    <Icon name="search" size="m" />
    <Input
      id="menu-search"
      className="hy-field__input mn-search__input"
      {...aria({ label: '搜菜单' })}
      type="text"
      confirmType="search"
      value={text}
      maxlength={LONGEST}
      placeholder="搜茶、搜点心"
      onInput={(event) => onInput(event.detail.value)}
    />
    {/* stays in its place, so that the field is not handed over again */}
    <View
      id="menu-search-clear"
      className={`mn-search__clear${text ? '' : ' mn-search__clear--off'}`}
      {...tapProps(() => onInput(''), '清空')}
    >
      <Icon name="x" size="m" />
    </View>
  </View>
)

interface RowWish {
  article: Article
  mineFen: number | undefined
  hidden: boolean
  onLook: (article: Article) => void
}

/** One article: what it is, what it costs on the menu and for me, and how many I think of. */
const Row = memo(({ article, mineFen, hidden, onLook }: RowWish) => {
  const { sku, title, subtitle, art, priceFen, star, state } = article
  const opening = openingWords(article, new Date())
  const less = mineFen !== undefined && mineFen < priceFen
  return (
    <View id={`article-${sku}`} className={`mn-row${hidden ? ' mn-row--off' : ''}`}>
      {/* one button for who hears, a larger one for who sees */}
      <View
        className={`mn-pic hy-stage--${art} hy-art--${art}`}
        onClick={() => onLook(article)}
        {...aria({ hidden: true })}
      />
      <View className="hy-grow">
        <View
          id={`look-${sku}`}
          className="mn-row__look"
          {...tapProps(() => onLook(article), process.env.TARO_ENV === 'weapp' ? `${title}，看评价` : undefined)}
        >
          <View className="mn-row__name">
            <Text className="hy-bold">{title}</Text>
            {star && <Text className="hy-tag hy-tag--accent mn-star">明星</Text>}
          </View>
          <View className="hy-caption hy-3">{subtitle}</View>
          {opening && <View className="hy-caption mn-opening">{opening}</View>}
        </View>
        <View className="mn-row__foot">
          <View className="mn-price">
            <Text className="mn-price__n">{yuanText(less ? mineFen : priceFen)}</Text>
            {less && (
              <Text className="mn-price__menu" {...aria({ label: `菜单价 ${yuanText(priceFen)}` })}>
                {yuanText(priceFen)}
              </Text>
            )}
          </View>
          {state !== 'soon' && <Stepper article={article} />}
        </View>
      </View>
    </View>
  )
})
