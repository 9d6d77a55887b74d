import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go } from '../../lib/nav'
import { usePages } from '../../lib/pages'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Phrases } from '../../ui/phrases'
import { Empty, FaultNote, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { ArticleArt } from './art'
import './articles.css'

type Head = RouterOutputs['article']['list']['articles'][number]

/** The server says when there are no more. */
const MOST = 10_000

/** News of the brand, the newest first; for guests too. */
export default function ArticlesPage() {
  const { state } = useSession()
  const list = usePages(['articles'], (after) => api.article.list.query(after ? { after } : {}), { keepAs: 'articles' })
  useShareCard({ title: '一盏的新鲜事', path: '/pages/article/articles' })
  const heads = list.pages.flatMap(({ articles }) => articles)
  const { shown } = useGrowing(heads, 4, MOST)
  return (
    <Page broad onRefresh={list.first.reload}>
      <View className="hy-top at-top">
        <View className="hy-display">茶里茶外</View>
        {state === 'member' && (
          <View
            id="spread-open"
            className="hy-section__more"
            {...tapProps(() => go('/pages/article/spread'), '我的分享')}
          >
            <Text>我的分享</Text>
            <Icon name="go" size="s" />
          </View>
        )}
      </View>
      <States read={list.first} skeleton={<Coming />}>
        {() =>
          heads.length === 0 ? (
            <Empty title="还没有新鲜事" sub="写好了会放在这里" />
          ) : (
            <View id="articles" className="at-cards">
              {shown.map((head, n) => (
                <Card key={head.articleId} head={head} first={n === 0} />
              ))}
            </View>
          )
        }
      </States>
      {list.fault && <FaultNote fault={list.fault} onRetry={() => void list.more()} />}
      {list.hasMore && (
        <View className="hy-mt3">
          <Button id="more-articles" kind="line" block busy={list.busy} onTap={() => void list.more()}>
            看更早的
          </Button>
        </View>
      )}
    </Page>
  )
}

/** The newest one large, the others as rows. */
function Card({ head: { articleId, title, summary, art, publishedAt }, first }: { head: Head; first: boolean }) {
  const open = () => go(`/pages/article/article?id=${articleId}`)
  return (
    <View
      id={`article-${articleId}`}
      className={first ? 'at-card at-card--first' : 'at-card'}
      {...tapProps(open, process.env.TARO_ENV === 'weapp' ? title : undefined)}
    >
      <ArticleArt art={art} className="at-card__art" />
      <View className="at-card__main">
        <View className="at-card__title">
          <Phrases words={title} />
        </View>
        <View className="at-card__sum">{summary}</View>
        <Text className="at-card__day">{dayWords(new Date(publishedAt), new Date())}</Text>
      </View>
    </View>
  )
}

const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk at-sk-first" />
    <View className="hy-sk at-sk-row" />
    <View className="hy-sk at-sk-row" />
  </View>
)
